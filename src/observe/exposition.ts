// Metrics as text: the format of Prometheus (0.0.4) and OpenMetrics (1.0.0), which differ in what a counter's family is
// called, in how bounds are written, and at the end. Families are written one after the other, each with all its samples.

export type ExpositionFormat = "prometheus" | "openmetrics";
export type MetricType = "counter" | "gauge" | "histogram" | "info";
/** Names and values. */
export type Labels = Readonly<Record<string, string>>;

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

export class Exposition {
  private readonly isOpen: boolean;
  private readonly parts: string[] = [];
  private name = "";
  private type: MetricType = "gauge";

  constructor(format: ExpositionFormat) {
    this.isOpen = format === "openmetrics";
  }

  /** Begins a family. A counter's name is given without `_total`, an info's without `_info`. */
  family(name: string, type: MetricType, help: string): void {
    this.name = name;
    this.type = type;
    const inFull = this.isOpen ? name : name + this.suffix;
    const typeWord = type === "info" && !this.isOpen ? "gauge" : type;
    this.parts.push(`# HELP ${inFull} ${escaped(help, this.isOpen)}\n# TYPE ${inFull} ${typeWord}\n`);
  }

  /** A value of the family that was begun last; not for histograms. */
  sample(value: number, labels: Labels = {}): void {
    this.parts.push(`${this.name}${this.suffix}${labelText(labels)} ${numberText(value)}\n`);
  }

  /** Buckets of a histogram: how many were counted up to each bound, and all. The last bound must be Infinity. */
  histogram(bounds: readonly number[], upTo: readonly number[], sum: number, labels: Labels = {}): void {
    const { name } = this;
    const inner = labelText(labels).slice(1, -1);
    const before = inner === "" ? "" : `${inner},`;
    let text = "";
    for (let i = 0; i < bounds.length; i++) {
      text += `${name}_bucket{${before}le="${this.boundText(bounds[i])}"} ${upTo[i]}\n`;
    }
    const rest = labelText(labels);
    this.parts.push(
      `${text}${name}_sum${rest} ${numberText(sum)}\n${name}_count${rest} ${upTo[upTo.length - 1]}\n`,
    );
  }

  /** All that was written. */
  end(): string {
    return this.parts.join("") + (this.isOpen ? "# EOF\n" : "");
  }

  private get suffix(): string {
    return this.type === "counter" ? "_total" : this.type === "info" ? "_info" : "";
  }

  /** OpenMetrics wants bounds that are whole to be written as fractions. */
  private boundText(bound: number): string {
    const text = numberText(bound);
    return this.isOpen && Number.isInteger(bound) ? `${text}.0` : text;
  }
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

function labelText(labels: Labels): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, true)}"`);
  return texts.length === 0 ? "" : `{${texts.join(",")}}`;
}

function escaped(text: string, withQuotes: boolean): string {
  const plain = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return withQuotes ? plain.replaceAll('"', '\\"') : plain;
}

/** What an Accept header asks for: OpenMetrics only when it is named and not liked less than text. */
export function formatFor(accept: string | null | undefined): ExpositionFormat {
  let open = 0;
  let text = 0;
  for (const range of (accept ?? "").toLowerCase().split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    const weight = quality === undefined ? 1 : Number(quality.slice(2));
    if (type === "application/openmetrics-text") open = Math.max(open, weight || 0);
    if (type === "text/plain") text = Math.max(text, weight || 0);
  }
  return open > 0 && open >= text ? "openmetrics" : "prometheus";
}
