using Baton.Cluster.Configuration;
using Baton.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Baton.Voice.MediaGateway.Member;

/// <summary><c>baton media</c>: a gateway's engine, session, sentinel and status, with calls in place of tunnels.</summary>
public static class MediaMember
{
    /// <summary>What makes a media gateway of a <see cref="GatewayProcess"/>, which owns it from then on.</summary>
    public static MemberExtension Extension(NodeOptions options)
    {
        var path = new MediaPath(options.Media!, options.Virtual.Addresses.Select(each => each.Address.Address));
        var desk = new CallDesk(path, () => path.Member, options.Name);
        path.Said = desk.Tell;
        return new MemberExtension(path, services => services.AddSingleton(desk), routes => routes.MapGrpcService<MediaRpc>());
    }
}
