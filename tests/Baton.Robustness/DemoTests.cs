using System.Diagnostics;
using System.Text;

namespace Baton.Robustness;

/// <summary>The demo as a guest on somebody's machine: two beside each other, and nothing is left when they are interrupted.</summary>
[Collection("processes")]
public sealed class DemoTests
{
    [Fact]
    public async Task Two_demos_run_beside_each_other_and_an_interrupted_one_leaves_no_process_file_or_port()
    {
        Assert.SkipUnless(File.Exists(Stage.Program), $"there is no {Stage.Program}; ./test publishes it");
        string folder = Directory.CreateTempSubdirectory("baton-guest-").FullName;
        try
        {
            using var first = new Guest(folder, "first");
            using var second = new Guest(folder, "second", "--report", "named");
            await first.UntilAsync("the call runs");
            await second.UntilAsync("the call runs");

            await first.InterruptAsync("INT");
            Assert.NotEmpty(second.Processes());     // the other one goes on
            await second.InterruptAsync("HUP");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task An_interrupted_demo_of_media_gateways_leaves_no_process_file_or_port()
    {
        Assert.SkipUnless(File.Exists(Stage.Program), $"there is no {Stage.Program}; ./test publishes it");
        string folder = Directory.CreateTempSubdirectory("baton-guest-").FullName;
        try
        {
            using var guest = new Guest(folder, "calls", "--profile", "controller", "--calls", "4");
            await guest.UntilAsync("the calls run", processes: 7);    // controller, two media gateways with their sentinels, phones, the demo
            await guest.InterruptAsync("INT");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>One demo with a folder for its files and one to run in, both of its own.</summary>
    private sealed class Guest : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

        private readonly Process _demo;
        private readonly string _temporary;
        private readonly string _home;
        private readonly StringBuilder _told = new();
        private int _port;

        public Guest(string folder, string name, params string[] more)
        {
            _temporary = Directory.CreateDirectory(Path.Combine(folder, name, "tmp")).FullName;
            _home = Directory.CreateDirectory(Path.Combine(folder, name, "home")).FullName;
            var start = new ProcessStartInfo(Stage.Program, ["demo", "--fast", "--sas", "5", .. more])
            {
                WorkingDirectory = _home,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["TMPDIR"] = _temporary;
            _demo = Process.Start(start)!;
            _demo.OutputDataReceived += (_, e) => Hear(e.Data);
            _demo.ErrorDataReceived += (_, e) => Hear(e.Data);
            _demo.BeginOutputReadLine();
            _demo.BeginErrorReadLine();
        }

        public string Told
        {
            get
            {
                lock (_told) return _told.ToString();
            }
        }

        /// <summary>The demo and all that it started, known by the folder in their environment.</summary>
        public List<int> Processes()
        {
            byte[] mark = Encoding.UTF8.GetBytes($"TMPDIR={_temporary}");
            var found = new List<int>();
            foreach (string process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
            {
                try
                {
                    if (File.ReadAllBytes($"{process}/environ").AsSpan().IndexOf(mark) >= 0)
                        found.Add(int.Parse(Path.GetFileName(process), System.Globalization.CultureInfo.InvariantCulture));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It has ended meanwhile, or is another user's.
                }
            }

            return found;
        }

        /// <param name="processes">Handler, router, gateways and their sentinels, peer, observer, phones, probe, the demo.</param>
        public async Task UntilAsync(string told, int processes = 11)
        {
            using var limit = new CancellationTokenSource(Patience);
            while (!Told.Contains(told, StringComparison.Ordinal))
            {
                Assert.False(_demo.HasExited, Told);
                Assert.False(limit.IsCancellationRequested, $"waited in vain for '{told}': {Told}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            Assert.True(Processes().Count >= processes, Told);
            _port = Listening().Count;
            Assert.True(_port > 0);
        }

        /// <summary>Ctrl-C, or the terminal hangs up.</summary>
        public async Task InterruptAsync(string signal)
        {
            string block = Block();
            using (Process kill = Process.Start("/bin/kill", [$"-{signal}", $"{_demo.Id}"]))
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            await _demo.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.Equal(1, _demo.ExitCode);
            Assert.Contains("interrupted", Told, StringComparison.Ordinal);
            Assert.DoesNotContain("\u001b", Told, StringComparison.Ordinal);   // without a terminal: plain lines
            long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
            // Killed ones take a moment to be gone, and the kernel closes their sockets after their environment went.
            while ((Processes().Count > 0 || Listening(block).Count > 0) && Environment.TickCount64 < end)
                await Task.Delay(50, TestContext.Current.CancellationToken);
            Assert.Empty(Processes());
            Assert.Empty(Listening(block));
            // The runtime's own sockets for debuggers are not ours; those of killed processes stay.
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_temporary).Select(Path.GetFileName), name =>
                !name!.StartsWith("clr-debug-pipe", StringComparison.Ordinal) && !name.StartsWith("dotnet-diagnostic", StringComparison.Ordinal));
            Assert.Empty(Directory.EnumerateFileSystemEntries(_home));
        }

        public void Dispose()
        {
            if (!_demo.HasExited) _demo.Kill();
            _demo.Dispose();
        }

        private void Hear(string? line)
        {
            lock (_told) _told.AppendLine(line);
        }

        /// <summary>127.x.y of "addresses 127.x.y.0/24".</summary>
        private string Block() => Told.Split("addresses ")[1].Split(".0/24")[0];

        private List<string> Listening() => Listening(Block());

        /// <summary>UDP and TCP sockets of the block (man 5 proc).</summary>
        private static List<string> Listening(string block)
        {
            byte[] octets = [.. block.Split('.').Select(byte.Parse)];
            string low = $"{octets[2]:X2}{octets[1]:X2}{octets[0]:X2}:";            // after the host's own octet, low byte first
            return
            [
                .. File.ReadLines("/proc/net/udp").Concat(File.ReadLines("/proc/net/tcp").Where(line => line.Contains(" 0A ", StringComparison.Ordinal)))
                    .Where(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1].AsSpan(2).StartsWith(low)),
            ];
        }
    }
}
