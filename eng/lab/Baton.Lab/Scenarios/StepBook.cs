using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Baton.Lab.Scenarios;

/// <summary>All sentences that a scenario may use, found by reflection on the objects that perform them.</summary>
public sealed class StepBook
{
    private readonly List<(Regex Form, MethodInfo Method, object Target, string Sentence)> _steps = [];

    public StepBook(params IEnumerable<object> performers)
    {
        foreach (object performer in performers)
        {
            foreach (MethodInfo method in performer.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance))
            {
                foreach (StepAttribute step in method.GetCustomAttributes<StepAttribute>())
                    _steps.Add((Form(step.Sentence, method), method, performer, step.Sentence));
            }
        }

        // The sentence with more words of its own comes first: "hosts with members {members}" would swallow its longer sister.
        _steps.Sort((left, right) => right.Sentence.Length.CompareTo(left.Sentence.Length));
    }

    public IEnumerable<string> Sentences => _steps.Select(step => step.Sentence).Order(StringComparer.Ordinal);

    /// <summary>Whether a sentence says anything; for looking through scenarios without running them.</summary>
    public bool Knows(string text) => _steps.Any(step => step.Form.IsMatch(text));

    public void Perform(string text)
    {
        foreach ((Regex form, MethodInfo method, object target, _) in _steps)
        {
            if (form.Match(text) is not { Success: true } match) continue;
            object?[] arguments = [.. method.GetParameters().Select(parameter =>
                Convert.ChangeType(match.Groups[parameter.Name!].Value, parameter.ParameterType, CultureInfo.InvariantCulture))];
            try
            {
                method.Invoke(target, arguments);
            }
            catch (TargetInvocationException e) when (e.InnerException is not null)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
            }

            return;
        }

        throw new LabException($"nobody knows how to \"{text}\"; eng/lab/run --steps lists the sentences");
    }

    private static Regex Form(string sentence, MethodInfo method)
    {
        string pattern = Regex.Replace(Regex.Escape(sentence).Replace(@"\ ", " ", StringComparison.Ordinal), @"\\\{(\w+)}", match =>
        {
            Type type = method.GetParameters().Single(parameter => parameter.Name == match.Groups[1].Value).ParameterType;
            string value = type == typeof(int) ? @"\d+" : type == typeof(double) ? @"\d+(?:\.\d+)?" : ".+?";
            return $"(?<{match.Groups[1].Value}>{value})";
        });
        return new Regex($"^{pattern}$", RegexOptions.CultureInvariant);
    }
}
