using Baton.Gateway.Engine;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Baton.Gateway;

/// <summary>What makes another kind of member of a gateway: its path, and the gRPC services that it offers on the status address.</summary>
/// <param name="AddServices">What the services need.</param>
/// <param name="MapServices">The services.</param>
public sealed record MemberExtension(IMemberPath Path, Action<IServiceCollection> AddServices, Action<IEndpointRouteBuilder> MapServices);
