using System.Globalization;
using System.Net;
using System.Text;

namespace Baton.Cli.Demo.Report;

/// <summary>An SVG picture under construction. Works in a light and in a dark page, inside HTML and as a file of its own.</summary>
/// <remarks>
/// Plain colours with a media query for the dark, no custom properties: renderers outside of browsers know none.
/// Class names start with "b-", because a style element inside HTML rules the whole page.
/// </remarks>
internal sealed class Svg(double width, double height, string description)
{
    private const string Style = """
        .b-bg{fill:#fff}.b-band{fill:#f4f5f8}.b-text{fill:#1d2433}.b-dim{fill:#5b6579}.b-strong{font-weight:600}
        .b-line{stroke:#c9cfdb}.b-event{stroke:#5b6579}.b-wave{stroke:#5b6579}.b-gap{fill:#d11f4a}
        .b-fa{fill:#1f5fd0}.b-sa{stroke:#1f5fd0}.b-fb{fill:#c2570c}.b-sb{stroke:#c2570c}.b-fc{fill:#0f7f78}.b-sc{stroke:#0f7f78}
        @media(prefers-color-scheme:dark){
        .b-bg{fill:#12151c}.b-band{fill:#1a1f2a}.b-text{fill:#e6e9f0}.b-dim{fill:#98a2b6}
        .b-line{stroke:#39414f}.b-event{stroke:#98a2b6}.b-wave{stroke:#98a2b6}.b-gap{fill:#ff5c7f}
        .b-fa{fill:#7fb0ff}.b-sa{stroke:#7fb0ff}.b-fb{fill:#ffac5f}.b-sb{stroke:#ffac5f}.b-fc{fill:#5fd6cd}.b-sc{stroke:#5fd6cd}
        }
        """;

    private readonly StringBuilder _body = new();

    /// <summary>Which of the colours belongs to a member: A, B, and one for all further ones.</summary>
    public static char Colour(string member) => member switch { "A" => 'a', "B" => 'b', _ => 'c' };

    public void Rectangle(double x, double y, double w, double h, string classes) =>
        Add($"<rect class=\"{classes}\" x=\"{N(x)}\" y=\"{N(y)}\" width=\"{N(w)}\" height=\"{N(h)}\"/>");

    public void Line(double x1, double y1, double x2, double y2, string classes, double thickness = 1, string? dashes = null) =>
        Add($"<line class=\"{classes}\" x1=\"{N(x1)}\" y1=\"{N(y1)}\" x2=\"{N(x2)}\" y2=\"{N(y2)}\" stroke-width=\"{N(thickness)}\"{Dashes(dashes)}/>");

    public void Circle(double x, double y, double radius, string classes, string? tip = null)
    {
        string head = $"<circle class=\"{classes}\" cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"{N(radius)}\"";
        Add(tip is null ? head + "/>" : $"{head}><title>{Escape(tip)}</title></circle>");
    }

    public void Path(StringBuilder commands, string classes, double thickness = 1.5, string? dashes = null) =>
        Add($"<path class=\"{classes}\" d=\"{commands}\" fill=\"none\" stroke-width=\"{N(thickness)}\" stroke-linejoin=\"round\"{Dashes(dashes)}/>");

    /// <param name="anchor">start, middle or end.</param>
    public void Text(double x, double y, string text, string classes = "b-text", string anchor = "start", double size = 12) =>
        Add($"<text class=\"{classes}\" x=\"{N(x)}\" y=\"{N(y)}\" text-anchor=\"{anchor}\" font-size=\"{N(size)}\">{Escape(text)}</text>");

    public override string ToString() =>
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {N(width)} {N(height)}\" width=\"{N(width)}\" height=\"{N(height)}\" role=\"img\" "
        + $"font-family=\"system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif\"><title>{Escape(description)}</title><style>{Style}</style>"
        + $"<rect class=\"b-bg\" width=\"{N(width)}\" height=\"{N(height)}\"/>\n{_body}</svg>\n";

    /// <summary>A coordinate with as many digits as a screen shows.</summary>
    public static string N(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    /// <summary>16,777,217</summary>
    public static string Grouped(ulong number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string Dashes(string? dashes) => dashes is null ? "" : $" stroke-dasharray=\"{dashes}\"";

    private void Add(string element) => _body.Append(element).Append('\n');
}
