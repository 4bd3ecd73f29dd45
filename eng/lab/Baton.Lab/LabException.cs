namespace Baton.Lab;

/// <summary>A step could not be done, or what was expected did not happen. The message says which and what was seen instead.</summary>
public sealed class LabException : Exception
{
    public LabException(string message)
        : base(message)
    {
    }

    public LabException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
