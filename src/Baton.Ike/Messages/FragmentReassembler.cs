namespace Baton.Ike.Messages;

/// <summary>What became of a fragment.</summary>
public enum FragmentVerdict
{
    /// <summary>Kept; others are missing.</summary>
    Stored,

    /// <summary>The last one: the message is whole.</summary>
    Complete,

    /// <summary>Known already.</summary>
    Duplicate,

    /// <summary>Of a set with fewer fragments than the one that is being put together (RFC 7383 2.6).</summary>
    Outdated,

    /// <summary>More bytes than the bound.</summary>
    TooLong,
}

/// <summary>Puts the fragments of one message of one direction together (RFC 7383 2.6). Only authentic ones come here.</summary>
/// <remarks>
/// Holds one message at most, so its memory has a bound: a fragment with another message ID starts over (the window is one, and the caller lets
/// only the expected ID through), and so does one with a larger total (the peer sends smaller pieces now, 2.5.2).
/// </remarks>
public sealed class FragmentReassembler(int maximumBytes = IkeMessage.MaximumLength)
{
    private IkeFragment?[] _fragments = [];
    private MessageId _messageId;
    private int _present;
    private int _bytes;

    /// <summary>Fragments held now.</summary>
    public int Held => _present;

    /// <summary>Bytes held now.</summary>
    public int HeldBytes => _bytes;

    /// <summary>Would <see cref="Add"/> keep a fragment with these fields? Ask before opening it: a replay costs no cipher then.</summary>
    public bool Wants(MessageId messageId, ushort number, ushort total)
    {
        if (_present == 0 || messageId != _messageId || total > _fragments.Length)
            return true;
        return total == _fragments.Length && number > 0 && number <= total && _fragments[number - 1] is null;
    }

    /// <param name="opened">With <see cref="FragmentVerdict.Complete"/>: the message, or the verdict on its malformed content; nothing is held then.</param>
    public FragmentVerdict Add(IkeFragment fragment, out OpenedMessage opened)
    {
        opened = default;
        if (_present == 0 || fragment.Header.MessageId != _messageId || fragment.Total > _fragments.Length)
        {
            Clear();
            _fragments = new IkeFragment?[fragment.Total];
            _messageId = fragment.Header.MessageId;
        }

        if (fragment.Total < _fragments.Length)
            return FragmentVerdict.Outdated;
        if (_fragments[fragment.Number - 1] is not null)
            return FragmentVerdict.Duplicate;
        if (_bytes + fragment.Content.Length > maximumBytes)
        {
            Clear();
            return FragmentVerdict.TooLong;
        }

        _fragments[fragment.Number - 1] = fragment;
        _present++;
        _bytes += fragment.Content.Length;
        if (_present < _fragments.Length)
            return FragmentVerdict.Stored;
        var content = new byte[_bytes];
        int at = 0;
        foreach (IkeFragment? part in _fragments)
        {
            part!.Content.CopyTo(content.AsMemory(at));
            at += part.Content.Length;
        }

        IkeFragment first = _fragments[0]!;
        opened = ProtectedMessage.ParseInner(first.Header, first.FirstPayload, content, first.Unprotected);
        Clear();
        return FragmentVerdict.Complete;
    }

    /// <summary>Forgets what is held: the exchange ended, or the fragments did not come in time.</summary>
    public void Clear()
    {
        _fragments = [];
        _present = 0;
        _bytes = 0;
    }
}
