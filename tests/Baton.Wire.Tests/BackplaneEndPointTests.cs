using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Baton.Wire.Tests;

public sealed class BackplaneEndPointTests
{
    [Fact]
    public void A_path_has_a_label_of_the_discard_prefix_by_which_it_is_found_again()
    {
        Assert.True(BackplaneEndPoint.TryParse("unix:/run/baton/a.outer", out BackplaneEndPoint place, out _));
        Assert.Equal("unix:/run/baton/a.outer", place.ToString());
        Assert.Equal("unix:/run/baton/a.outer", $"{place}");
        Assert.True(IPNetwork.Parse("100::/64").Contains(place.Address));
        Assert.Equal(4500, place.Port);
        Assert.Same(place, BackplaneEndPoint.Find(IpAddress.From(place.Address)));
        Assert.Same(place, BackplaneEndPoint.Of("/run/baton/a.outer"));
        Assert.NotEqual(place.Label, BackplaneEndPoint.Of("/run/baton/b.outer").Label);
        Assert.Null(BackplaneEndPoint.Find(IpAddress.From(IPAddress.Loopback)));
    }

    [Fact] // other processes, and later versions, must make the same of it
    public void The_label_of_a_path_never_changes() =>
        Assert.Equal(IPAddress.Parse("100::a8bb:1c8d:1788:82b8"), BackplaneEndPoint.Of("/run/baton/a.sock").Address);

    [Theory]
    [InlineData("unix:run/a", "is no absolute path after unix:")]
    [InlineData("unix:", "is no absolute path after unix:")]
    [InlineData("/run/a", "is no absolute path after unix:")]
    [InlineData("unix:/run/", "is no path of a file")]
    public void What_is_no_path_is_said(string text, string problem)
    {
        Assert.False(BackplaneEndPoint.TryParse(text, out _, out string told));
        Assert.Equal(problem, told);
    }

    [Fact]
    public void The_longest_path_has_107_bytes()
    {
        string longest = "/" + new string('x', BackplaneEndPoint.LongestPath - 1);
        Assert.True(BackplaneEndPoint.TryParse(BackplaneEndPoint.Scheme + longest, out _, out _));
        Assert.False(BackplaneEndPoint.TryParse(BackplaneEndPoint.Scheme + longest + "x", out _, out string problem));
        Assert.Equal("is a path of 108 bytes, and a Unix socket's has 107 at most", problem);
    }

    [Fact] // offsetof(sockaddr_un, sun_path) + strlen + 1, as the kernel tells it of a sender (man 7 unix)
    public void Its_socket_address_is_as_long_as_the_kernel_makes_it()
    {
        SocketAddress address = BackplaneEndPoint.Of("/a/b").Serialize();
        Assert.Equal(AddressFamily.Unix, address.Family);
        Assert.Equal([1, 0, .. Encoding.UTF8.GetBytes("/a/b"), 0], address.Buffer.Span[..address.Size].ToArray());
    }

    [Fact]
    public void A_sender_without_a_path_cannot_be_answered()
    {
        Assert.Same(BackplaneEndPoint.Unnamed, BackplaneEndPoint.Sender([]));
        Assert.Same(BackplaneEndPoint.Unnamed, BackplaneEndPoint.Sender([0, 1, 2]));
        Assert.Same(BackplaneEndPoint.Of("/run/baton/c"), BackplaneEndPoint.Sender("/run/baton/c"u8));
    }
}
