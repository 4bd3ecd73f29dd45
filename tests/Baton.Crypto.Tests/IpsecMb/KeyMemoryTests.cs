using Baton.Crypto.IpsecMb;

namespace Baton.Crypto.Tests.IpsecMb;

public sealed unsafe class KeyMemoryTests
{
    [Theory]
    [InlineData(200)]
    [InlineData(1_000)]  // of no library: nobody else, in a test beside this one, takes places of these sizes
    public void PlacesAreWholeLinesThatDoNotOverlapAndAreWipedWhenTheyAreGivenBack(int length)
    {
        const int count = 5_000;  // more than a small block and a huge page hold
        var places = new nint[count];
        for (int i = 0; i < count; i++)
        {
            places[i] = (nint)KeyMemory.Take(length);
            Assert.Equal(0, places[i] % 64);
            new Span<byte>((void*)places[i], length).Fill((byte)(i % 251));
        }

        for (int i = 0; i < count; i++)
            Assert.False(new Span<byte>((void*)places[i], length).ContainsAnyExcept((byte)(i % 251)));
        foreach (nint place in places)
            KeyMemory.GiveBack((byte*)place, length);
        var again = new HashSet<nint>();
        for (int i = 0; i < count; i++)
        {
            byte* place = KeyMemory.Take(length);
            again.Add((nint)place);
            Assert.False(new Span<byte>(place, length).ContainsAnyExcept((byte)0));
        }

        Assert.True(again.SetEquals(places));
        foreach (nint place in again)
            KeyMemory.GiveBack((byte*)place, length);
    }
}
