using System.Text;

namespace Baton.Media.Ng;

/// <summary>A value of bencode: a byte string, an integer, a list or a dictionary.</summary>
public abstract record BencodeValue
{
    private protected BencodeValue()
    {
    }

    /// <summary>Bytes of any kind; the ng protocol puts text into them.</summary>
    public sealed record Text(ReadOnlyMemory<byte> Bytes) : BencodeValue
    {
        public Text(string text)
            : this(Encoding.UTF8.GetBytes(text))
        {
        }

        public bool Equals(Text? other) => other is not null && Bytes.Span.SequenceEqual(other.Bytes.Span);

        public override int GetHashCode() => Bytes.Length;

        public override string ToString() => Encoding.UTF8.GetString(Bytes.Span);
    }

    public sealed record Number(long Value) : BencodeValue
    {
        public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public sealed record List(IReadOnlyList<BencodeValue> Items) : BencodeValue;

    /// <summary>Keys in the order of the text: the ng protocol's clients do not sort them. No key twice.</summary>
    public sealed record Dictionary(IReadOnlyList<KeyValuePair<string, BencodeValue>> Entries) : BencodeValue
    {
        public BencodeValue? Find(string key)
        {
            foreach ((string name, BencodeValue value) in Entries)
            {
                if (name == key)
                    return value;
            }

            return null;
        }
    }
}
