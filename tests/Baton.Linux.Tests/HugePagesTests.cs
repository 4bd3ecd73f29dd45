using Xunit;

namespace Baton.Linux.Tests;

public class HugePagesTests
{
    private static readonly string[] Maps =
    [
        "10000000-10200000 rw-p 00000000 00:00 0 ",
        "10400000-10600000 rw-p 00000000 00:00 0 ",
        "10600000-10a00000 ---p 00000000 00:00 0 ",
        "10a00000-10c00000 rw-p 00000000 00:00 0                          [anon:heap]",
        "10c00000-10e00000 rw-p 00000000 08:01 77                         /usr/lib/libc.so.6",
        "10e00000-11000000 rw-p 00000000 00:00 0 ",
    ];

    /// <summary>Neither what lies behind a gap nor what is behind a file belongs to the heap; what it has only reserved does, and is not used.</summary>
    [Theory]
    [InlineData(0x10400000)]
    [InlineData(0x10700000)]
    [InlineData(0x10bfffff)]
    public void The_reservation_is_what_lies_without_a_gap_around_an_address(ulong address) => Assert.Equal(
        [new(0x10400000, 0x10600000, true), new(0x10600000, 0x10a00000, false), new HugePages.Mapping(0x10a00000, 0x10c00000, true)],
        HugePages.Reservation(Maps, address));

    [Theory]
    [InlineData(0x10300000)]
    [InlineData(0x10d00000)]
    [InlineData(0x20000000)]
    public void No_address_elsewhere_is_in_it(ulong address) => Assert.Empty(HugePages.Reservation(Maps, address));
}
