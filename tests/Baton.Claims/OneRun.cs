namespace Baton.Claims;

/// <summary>The claims that one run of the demo shows share it.</summary>
[CollectionDefinition(nameof(OneRun))]
public sealed class OneRun : DemoResults, ICollectionFixture<OneRun>;
