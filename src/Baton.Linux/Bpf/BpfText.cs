namespace Baton.Linux.Bpf;

/// <summary>Registers (RFC 9669 4.1): results in r0, arguments in r1 to r5, r6 to r9 survive calls, r10 is the stack's end.</summary>
internal enum Register : byte
{
    R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10,
}

/// <summary>Widths of loads and stores (RFC 9669 5).</summary>
internal enum Width : byte
{
    Word = 0x00, Half = 0x08, Byte = 0x10, Long = 0x18,
}

/// <summary>Jumps (RFC 9669 4.3), taken or not by 64-bit comparison.</summary>
internal enum When : byte
{
    Equal = 0x10, Above = 0x20, Not = 0x50, Negative = 0xc0,
}

/// <summary>The text of a BPF program as it is written: instructions in order, jumps to labels (RFC 9669).</summary>
internal sealed class BpfText
{
    private const byte Alu = 0x07, Alu32 = 0x04, Jump = 0x05, FromRegister = 0x08;

    private readonly List<ulong> _code = [];
    private readonly List<(int At, string Label)> _jumps = [];
    private readonly Dictionary<string, int> _labels = [];

    public BpfText Move(Register to, Register from) => Emit(Alu | FromRegister | 0xb0, to, from);

    public BpfText Move(Register to, int value) => Emit(Alu | 0xb0, to, value: value);

    public BpfText Add(Register to, int value) => Emit(Alu, to, value: value);

    public BpfText Add(Register to, Register from) => Emit(Alu | FromRegister, to, from);

    public BpfText And(Register to, int value) => Emit(Alu32 | 0x50, to, value: value);

    public BpfText ShiftRight(Register to, int bits) => Emit(Alu | 0x70, to, value: bits);

    /// <summary>Between the wire's order and the machine's, 16 bits.</summary>
    public BpfText Swap16(Register to) => Emit(Alu32 | FromRegister | 0xd0, to, value: 16);

    public BpfText Load(Width width, Register to, Register from, int offset) => Emit((byte)(0x61 | (byte)width), to, from, offset);

    public BpfText Store(Width width, Register to, int offset, Register from) => Emit((byte)(0x63 | (byte)width), to, from, offset);

    public BpfText Store(Width width, Register to, int offset, int value) => Emit((byte)(0x62 | (byte)width), to, default, offset, value);

    /// <summary>A whole 64-bit number: two places.</summary>
    public BpfText Load(Register to, ulong value)
    {
        Emit(0x18, to, value: (int)(uint)value);
        return Emit(0, default, value: (int)(value >> 32));
    }

    public BpfText Call(int helper) => Emit(Jump | 0x80, default, value: helper);

    public BpfText Exit() => Emit(Jump | 0x90, default);

    public BpfText Go(string label)
    {
        _jumps.Add((_code.Count, label));
        return Emit(Jump, default);
    }

    public BpfText If(Register left, When when, int right, string label)
    {
        _jumps.Add((_code.Count, label));
        return Emit((byte)(Jump | (byte)when), left, value: right);
    }

    public BpfText If(Register left, When when, Register right, string label)
    {
        _jumps.Add((_code.Count, label));
        return Emit((byte)(Jump | FromRegister | (byte)when), left, right);
    }

    public BpfText Label(string name)
    {
        _labels.Add(name, _code.Count);
        return this;
    }

    /// <summary>All of it, jumps resolved.</summary>
    public ulong[] ToInstructions()
    {
        ulong[] code = [.. _code];
        foreach ((int at, string label) in _jumps)
            code[at] |= (ulong)(ushort)(_labels[label] - at - 1) << 16;
        return code;
    }

    private BpfText Emit(byte operation, Register to, Register from = default, int offset = 0, int value = 0)
    {
        _code.Add(operation | (ulong)to << 8 | (ulong)from << 12 | (ulong)(ushort)offset << 16 | (ulong)(uint)value << 32);
        return this;
    }
}
