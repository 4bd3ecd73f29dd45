using Baton.Lab;
using Baton.Lab.Scenarios;

namespace Baton.Interop.Lab;

public sealed class ScenarioReaderTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"story-{Guid.NewGuid():N}.lab");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Loops_rows_and_arguments()
    {
        var performer = new Performer();
        Tell(performer, """
            # A story.
            # tags: short

            say hello
            repeat 2 times:
                say again
                for each word of a b:
                    say <word>
            with each row:
                | who | times |
                | me  | 2     |
                | you | 3     |
                say <who> 2 * <times>
            """);
        Assert.Equal(["hello", "again", "a", "b", "again", "a", "b", "4:me", "6:you"], performer.Said);
    }

    [Fact]
    public void A_step_that_fails_or_that_nobody_knows_is_named_with_its_line()
    {
        Assert.Contains("line 2: fail", Assert.Throws<LabException>(() => Tell(new Performer(), "# A story.\nfail\n")).Message, StringComparison.Ordinal);
        Assert.Contains("line 3: dance", Assert.Throws<LabException>(() => Tell(new Performer(), "# A story.\nsay x\ndance\n")).Message, StringComparison.Ordinal);
    }

    private void Tell(Performer performer, string text)
    {
        File.WriteAllText(_path, text);
        new Teller(new StepBook(performer), TextWriter.Null, CancellationToken.None).Tell(Scenario.Read(_path));
    }

    private sealed class Performer
    {
        public List<string> Said { get; } = [];

        [Step("say {what}")]
        public void Say(string what) => Said.Add(what);

        [Step("say {what} 2 * {times}")]
        public void Say(string what, int times) => Said.Add($"{2 * times}:{what}");

        [Step("fail")]
        public void Fail() => throw new LabException("it does");
    }
}
