using Baton.Voice.Audio;

namespace Baton.Voice.Tests.Audio;

/// <summary>ITU-T G.711 (11/88), tables 1 (A-law) and 2 (u-law), built here from their segments and not from the code's bit tricks.</summary>
public class G711Tests
{
    /// <summary>Table 2: 14-bit output values of u-law for positive input, smallest first, each with the decision value it starts at and its code.</summary>
    private static List<(int Value, int From, byte Code)> MuLaw()
    {
        // 0, 2 .. 30, then eight segments' steps double: 33..., the decision values lie halfway.
        var values = new List<(int Value, int From)>();
        int decision = 0;
        for (int segment = 0; segment < 8; segment++)
        {
            int step = 2 << segment;
            for (int i = 0; i < 16; i++)
            {
                if (segment == 0 && i == 0)
                {
                    values.Add((0, 0));
                    decision = 1;
                    continue;
                }

                values.Add((decision + (step / 2), decision));
                decision += step;
            }
        }

        // Character signal 1111 1111 is value 0, counting down (table 2a, column 6).
        return [.. values.Select((value, i) => (value.Value, value.From, (byte)(0xff - i)))];
    }

    /// <summary>Table 1: 13-bit output values of A-law for positive input; two segments with step 2, then doubling.</summary>
    private static List<(int Value, int From, byte Code)> ALaw()
    {
        var values = new List<(int Value, int From)>();
        int decision = 0;
        for (int segment = 0; segment < 8; segment++)
        {
            int step = segment == 0 ? 2 : 1 << segment;
            for (int i = 0; i < 16; i++)
            {
                values.Add((decision + (step / 2), decision));
                decision += step;
            }
        }

        // Character signal counts up from 1000 0000, even bits inverted (table 1a, note 2).
        return [.. values.Select((value, i) => (value.Value, value.From, (byte)((0x80 + i) ^ 0x55)))];
    }

    [Fact]
    public void MuLaw_decodes_to_table_2()
    {
        List<(int Value, int From, byte Code)> table = MuLaw();
        Assert.Equal((8031, 7903, (byte)0x80), table[^1]); // the table's last row
        Assert.All(table, row => Assert.Equal(row.Value * 4, G711.DecodeMuLaw(row.Code)));
        Assert.All(table, row => Assert.Equal(-row.Value * 4, G711.DecodeMuLaw((byte)(row.Code & 0x7f))));
    }

    [Fact]
    public void ALaw_decodes_to_table_1()
    {
        List<(int Value, int From, byte Code)> table = ALaw();
        Assert.Equal((4032, 3968, (byte)(0xff ^ 0x55)), table[^1]);
        Assert.All(table, row => Assert.Equal(row.Value * 8, G711.DecodeALaw(row.Code)));
        Assert.All(table, row => Assert.Equal(-row.Value * 8, G711.DecodeALaw((byte)(row.Code ^ 0x80))));
    }

    [Fact]
    public void MuLaw_encodes_each_value_to_its_interval()
    {
        List<(int Value, int From, byte Code)> table = MuLaw();
        for (int value = 0; value < 8192; value++)
        {
            byte code = G711.EncodeMuLaw((short)(value * 4));
            Assert.Equal(table.Last(row => row.From <= value).Code, code);
            if (value > 0)
                Assert.Equal((byte)(code & 0x7f), G711.EncodeMuLaw((short)(-value * 4)));
        }
    }

    [Fact]
    public void ALaw_encodes_each_value_to_its_interval()
    {
        List<(int Value, int From, byte Code)> table = ALaw();
        for (int value = 0; value < 4096; value++)
        {
            byte code = G711.EncodeALaw((short)(value * 8));
            Assert.Equal(table.Last(row => row.From <= value).Code, code);
            // 13 bits of two's complement: -1 is the mirror of 0.
            Assert.Equal((byte)(code ^ 0x80), G711.EncodeALaw((short)((-value - 1) * 8)));
        }
    }

    [Fact]
    public void Extremes_clip()
    {
        Assert.Equal(0x80, G711.EncodeMuLaw(short.MaxValue));
        Assert.Equal(0x00, G711.EncodeMuLaw(short.MinValue));
        Assert.Equal(0xaa, G711.EncodeALaw(short.MaxValue));
        Assert.Equal(0x2a, G711.EncodeALaw(short.MinValue));
    }

    [Fact]
    public void Every_code_comes_back()
    {
        for (int code = 0; code < 256; code++)
        {
            Assert.Equal((byte)code, G711.EncodeALaw(G711.DecodeALaw((byte)code)));
            // u-law has two zeros; PCM has one.
            Assert.Equal(code == 0x7f ? (byte)0xff : (byte)code, G711.EncodeMuLaw(G711.DecodeMuLaw((byte)code)));
        }

        Assert.Equal(0, G711.DecodeMuLaw(G711.MuLawSilence));
        Assert.Equal(8, G711.DecodeALaw(G711.ALawSilence));
    }
}
