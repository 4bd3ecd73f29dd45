using Baton.Cluster.Protos;

namespace Baton.Cli.Operators;

/// <summary>Which calls an operator wants to see. They come in pages, so that no message grows with their number.</summary>
/// <param name="Call">Only calls of this Call-ID, or of a pattern such as <c>*@proxy</c>; empty: every one.</param>
/// <param name="After">Calls with higher ids only.</param>
/// <param name="Most">At most so many; 0: every one.</param>
public sealed record CallQuery(string Call, ulong After, int Most)
{
    /// <summary>As many as a media gateway tells at once.</summary>
    private const int Page = 200;

    /// <summary>Asks until all is there. Where a later page fails, what came before it is the answer, with the sentence why.</summary>
    internal async Task<Answer<CallReports>> CollectAsync(Func<ReportCalls, Task<Answer<CallReports>>> ask)
    {
        CallReports? whole = null;
        var request = new ReportCalls { After = After, Call = Call };
        while (true)
        {
            int left = Most == 0 ? Page : Most - (whole?.Calls.Count ?? 0);
            request.Most = (uint)Math.Min(left, Page);
            Answer<CallReports> answer = await ask(request).ConfigureAwait(false);
            if (answer.Value is not { } page) return new(whole, answer.Error);
            if (whole is null)
            {
                whole = page;
            }
            else
            {
                whole.Calls.AddRange(page.Calls);
                whole.MoreAfter = page.MoreAfter;
            }

            if (page.MoreAfter == 0 || (Most > 0 && whole.Calls.Count >= Most)) return new(whole, "");
            request.After = page.MoreAfter;
        }
    }
}
