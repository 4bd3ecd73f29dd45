using Baton.Ike.Messages;
using Baton.Ike.Tests.Harness;

namespace Baton.Ike.Tests.Ladders;

/// <summary>IKE_SA_INIT and IKE_AUTH between two cores (RFC 7296 section 1.2).</summary>
public sealed class SetUpTests
{
    [Fact]
    public void FourMessagesMakeAnIkeSaAndAChild()
    {
        // left --- IKE_SA_INIT: SA, KE, Ni ---> right
        //      <-- IKE_SA_INIT: SA, KE, Nr ---
        //      --- IKE_AUTH: IDi, AUTH, SA, TSi, TSr --->
        //      <-- IKE_AUTH: IDr, AUTH, SA, TSi, TSr ---
        Lab lab = Setups.Up(Setups.Standard(1));

        Agreement.Assert(lab);
        Assert.Equal(4, lab.Datagrams);
        Assert.Equal(1, lab.Observer.Count(ExchangeType.IkeAuth, isResponse: true));
        Assert.Single(lab.Left.Active.Outputs.OfType<IkeOutput.IkeSaUp>());
        Assert.Single(lab.Right.Active.Outputs.OfType<IkeOutput.IkeSaUp>());
    }
}
