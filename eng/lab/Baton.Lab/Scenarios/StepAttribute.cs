namespace Baton.Lab.Scenarios;

/// <summary>The sentence that a method performs. A word in braces is an argument: <c>expect call lost at most {packets} each way</c>.</summary>
/// <remarks>An int or double argument takes digits, a string one or more words up to the next literal word.</remarks>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class StepAttribute(string sentence) : Attribute
{
    public string Sentence => sentence;
}
