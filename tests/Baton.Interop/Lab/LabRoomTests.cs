using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Interop.Lab;

public sealed class LabRoomTests
{
    [Fact]
    public void Two_runs_stand_beside_each_other_and_each_takes_down_its_own_only()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        using var first = new LabRoom(keepFolder: false, CancellationToken.None);
        Host stays = first.AddHost("a");
        string space, folder;
        int sleeper;
        using (var second = new LabRoom(keepFolder: false, CancellationToken.None))
        {
            Host goes = second.AddHost("a");
            (space, folder) = (goes.Space, second.Folder);
            sleeper = goes.Start("sleeper", ["sh", "-c", "sleep 1000 & wait"]).Id;
            second.Wait.Until("both processes run", TimeSpan.FromSeconds(5), () => goes.ProcessIds().Count() == 2);
        }

        string left = Command.Run("ip", "netns", "list");
        Assert.DoesNotContain(space, left, StringComparison.Ordinal);
        Assert.Contains(stays.Space, left, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
        Assert.False(Directory.Exists($"/proc/{sleeper}"));
    }

    [Fact]
    public void What_a_killed_run_left_goes_with_the_next_one()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        string folder = Path.Combine(Path.GetTempPath(), "baton-lab-bltest");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "owner"), "4194305");          // above the largest pid that Linux gives
        Command.Run("ip", "netns", "add", "bltest-a");
        LabRoom.ClearLeftovers();
        Assert.False(Directory.Exists(folder));
        Assert.DoesNotContain("bltest-a", Command.Run("ip", "netns", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_kept_names_no_owner_whose_end_would_take_it_away()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "network namespaces need root");
        string folder;
        using (var kept = new LabRoom(keepFolder: true, CancellationToken.None)) folder = kept.Folder;
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
    }
}
