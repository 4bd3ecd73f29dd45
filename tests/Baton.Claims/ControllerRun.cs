namespace Baton.Claims;

/// <summary>One run of the demo of media gateways and their controller.</summary>
[CollectionDefinition(nameof(ControllerRun))]
public sealed class ControllerRun() : DemoResults("--profile", "controller"), ICollectionFixture<ControllerRun>;
