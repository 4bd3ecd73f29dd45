namespace Baton.Cli.Demo;

/// <summary>The run cannot go on; the message is for the person who watches it.</summary>
public sealed class DemoException(string message, Exception? inner = null) : Exception(message, inner);
