using Baton.Lab;
using Baton.Lab.Scenarios;

namespace Baton.Interop.Lab;

/// <summary>The stories of eng/lab/scenarios on hosts made of network namespaces. The long ones are told by <c>eng/lab/run --all</c>.</summary>
public sealed class ScenarioTests(ITestOutputHelper log)
{
    public static TheoryData<string> All => [.. LabProgram.Scenarios.Select(scenario => scenario.Name)];

    public static TheoryData<string> ToldByTest => [.. LabProgram.Scenarios.Where(scenario => scenario.Tags.Contains("short")).Select(scenario => scenario.Name)];

    [Theory, MemberData(nameof(All))]
    public void Each_sentence_is_known(string name)
    {
        Line[] unknown = [.. Teller.Unknown(Find(name), LabProgram.Book(null!))];
        Assert.True(unknown.Length == 0, string.Join('\n', unknown.Select(line => $"{name}, line {line.Number}: {line.Text}")));
    }

    [Theory, MemberData(nameof(ToldByTest))]
    public void Comes_out_as_it_says(string name)
    {
        string? why = LabProgram.WhyNot(Find(name));
        Assert.SkipWhen(why is not null, why ?? "");
        using var output = new StringWriter();
        bool came = LabProgram.TryTell(Find(name), keep: false, output, TestContext.Current.CancellationToken);
        log.WriteLine(output.ToString());
        Assert.True(came, output.ToString());
    }

    private static Scenario Find(string name) => LabProgram.Scenarios.Single(scenario => scenario.Name == name);
}
