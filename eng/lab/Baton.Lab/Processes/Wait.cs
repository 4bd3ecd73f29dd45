using System.Diagnostics;

namespace Baton.Lab.Processes;

/// <summary>Waiting is on states: asks until the answer is yes, and says what it waited for when it never is.</summary>
public sealed class Wait(CancellationToken cancellation)
{
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(20);

    public void Until(string what, TimeSpan patience, Func<bool> isSo, Func<string>? otherwise = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            if (Stopwatch.GetElapsedTime(start) > patience)
                throw new LabException($"waited {patience.TotalSeconds:0.#} s in vain until {what}{(otherwise is null ? "" : $": {otherwise()}")}");
            cancellation.WaitHandle.WaitOne(BetweenQuestions);
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
