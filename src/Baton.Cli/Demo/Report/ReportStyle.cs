namespace Baton.Cli.Demo.Report;

/// <summary>How the page looks, in a light and in a dark browser.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root{color-scheme:light dark;--bg:#fff;--text:#1d2433;--dim:#5b6579;--line:#dfe3ea;--held:#0d7a3f;--broken:#d11f4a}
        @media(prefers-color-scheme:dark){:root{--bg:#12151c;--text:#e6e9f0;--dim:#98a2b6;--line:#2c3340;--held:#4fd08a;--broken:#ff5c7f}}
        body{font:15px/1.5 system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;background:var(--bg);color:var(--text);
        max-width:1140px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:1.2rem 0 .4rem}
        .dim{color:var(--dim)}code{font-size:.85em;color:var(--dim)}
        .promises{list-style:none;padding:0}.promises li{margin:.15rem 0}.held b{color:var(--held)}.broken b{color:var(--broken)}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
        th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
        thead th{font-weight:600;font-size:.85em;color:var(--dim)}
        td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.facts th{width:18rem;font-weight:500}
        figure{margin:.6rem 0;overflow-x:auto}figure svg{max-width:100%;height:auto}figcaption{font-size:.85em;color:var(--dim)}
        .waves{display:grid;grid-template-columns:repeat(auto-fill,minmax(440px,1fr));gap:.4rem 1rem}
        .quality{width:auto}.quality th,.quality td{padding:.1rem .6rem .1rem 0;border:0}
        audio{width:100%;max-width:540px}
        """;
}
