using System.Threading.Channels;

namespace Baton.Handler.Sessions;

/// <summary>Wakes whoever waits for a change of the handler's view; several changes may be one wake.</summary>
internal sealed class HandlerWatchers
{
    private readonly HashSet<Watch> _all = [];

    public Watch Begin()
    {
        var watch = new Watch(this);
        lock (_all) _all.Add(watch);
        return watch;
    }

    public void Wake()
    {
        lock (_all)
        {
            foreach (Watch watch in _all) watch.Wake();
        }
    }

    public sealed class Watch(HandlerWatchers owner) : IDisposable
    {
        private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public void Wake() => _news.Writer.TryWrite(true);

        public async Task NextAsync(CancellationToken cancel) => await _news.Reader.ReadAsync(cancel);

        public void Dispose()
        {
            lock (owner._all) owner._all.Remove(this);
        }
    }
}
