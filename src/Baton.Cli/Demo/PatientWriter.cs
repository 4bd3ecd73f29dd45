using System.Text;

namespace Baton.Cli.Demo;

/// <summary>Goes on when the terminal has hung up: a run that nobody watches any more must still put its things away.</summary>
internal sealed class PatientWriter(TextWriter terminal) : TextWriter
{
    public override Encoding Encoding => terminal.Encoding;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        try
        {
            terminal.Write(buffer);
        }
        catch (IOException)
        {
            // EIO (man 2 write): there is no terminal behind it.
        }
    }

    public override void Flush()
    {
        try
        {
            terminal.Flush();
        }
        catch (IOException)
        {
            // As above.
        }
    }
}
