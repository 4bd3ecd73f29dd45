namespace Baton.Simulation.Time;

/// <summary>All chance of a run comes from one seed (SplitMix64): the same seed is the same run on every machine.</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong _state = (seed * 0x9E3779B97F4A7C15) + 0xD1B54A32D192ED03;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public int Below(int bound) => (int)(Next() % (uint)bound);

    public long Between(long least, long most) => least + (long)(Next() % (ulong)(most - least + 1));

    public bool Chance(double probability) => (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> list) => list[Below(list.Count)];
}
