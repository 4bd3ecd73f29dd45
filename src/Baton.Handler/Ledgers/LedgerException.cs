namespace Baton.Handler.Ledgers;

/// <summary>The ledger could not be read or written; the message says what to do.</summary>
public sealed class LedgerException(string message, Exception? inner = null) : Exception(message, inner);
