// Reads metrics as strictly as the formats' texts ask: throws at whatever a scraper might choke on.
import { assert } from "@std/assert";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;
const TYPES = ["counter", "gauge", "histogram", "info"];

export class ExpositionReader {
  private readonly isOpen: boolean;
  readonly families = new Map<string, Family>();

  constructor(text: string, isOpen: boolean) {
    this.isOpen = isOpen;
    assert(text.endsWith("\n"), "the last line ends too");
    const lines = text.slice(0, -1).split("\n");
    if (isOpen) assert(lines.pop() === "# EOF", "OpenMetrics ends with # EOF");
    let help: RegExpExecArray | null = null;
    let family: Family | null = null;
    for (const line of lines) {
      assert(line !== "" && line !== "# EOF", "no line is empty");
      const type = /^# TYPE (\S+) (\S+)$/.exec(line);
      if (line.startsWith("# HELP ")) help = /^# HELP (\S+) (.+)$/.exec(line);
      else if (type !== null) family = this.begin(type[1], type[2], help);
      else {
        assert(family !== null, `a sample without a family: ${line}`);
        this.add(family, line);
      }
    }
    for (const each of this.families.values()) this.check(each);
  }

  /** The value of the one sample with this name and at least these labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const found = [...this.families.values()].flatMap(({ samples }) => samples).filter((sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
    );
    assert(found.length === 1, `${found.length} samples of ${name} ${JSON.stringify(labels)}`);
    return found[0].value;
  }

  /** Names of all samples. */
  get names(): Set<string> {
    return new Set([...this.families.values()].flatMap(({ samples }) => samples.map(({ name }) => name)));
  }

  private begin(name: string, type: string, help: RegExpExecArray | null): Family {
    assert(help !== null && help[1] === name, `${name} has its help before its type`);
    assert(NAME.test(name) && TYPES.includes(type), `${name} ${type}`);
    assert(type !== "info" || this.isOpen, "the older format knows no info");
    assert(!this.families.has(name), `${name} comes once`);
    assert(!this.isOpen || !/_(?:total|info|bucket|sum|count|created)$/.test(name), `${name} has no suffix`);
    assert(this.isOpen || type !== "counter" || name.endsWith("_total"), `${name} is a counter`);
    const family: Family = { name, type, help: help[2], samples: [] };
    this.families.set(name, family);
    return family;
  }

  private add(family: Family, line: string): void {
    const match = SAMPLE.exec(line);
    assert(match !== null, `not a sample: ${line}`);
    const [, name, labelText, number] = match;
    assert(NUMBER.test(number), `not a number: ${line}`);
    const labels: Record<string, string> = {};
    for (let rest = labelText ?? ""; rest !== "";) {
      const label = LABEL.exec(rest);
      assert(label !== null && !Object.hasOwn(labels, label[1]), `labels of ${line}`);
      labels[label[1]] = label[2].replaceAll(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
      rest = rest.slice(label[0].length);
    }
    assert(labelText === undefined || labelText !== "", `empty braces: ${line}`);
    const value = number.endsWith("Inf") ? (number[0] === "-" ? -Infinity : Infinity) : Number(number);
    assert(
      this.suffixes(family.type).some((suffix) => name === family.name + suffix),
      `${line} in ${family.name}`,
    );
    assert(family.type !== "counter" || value >= 0, `${line} is a counter`);
    family.samples.push({ name, labels, value });
  }

  private suffixes(type: string): string[] {
    if (type === "histogram") return ["_bucket", "_sum", "_count"];
    if (type === "info") return ["_info"];
    return [type === "counter" && this.isOpen ? "_total" : ""];
  }

  private check({ name, type, samples }: Family): void {
    const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
    assert(new Set(keys).size === keys.length, `${name}: each sample comes once`);
    if (type === "histogram") this.checkHistogram(name, samples);
  }

  private checkHistogram(name: string, samples: readonly Sample[]): void {
    const groups = new Map<string, Sample[]>();
    for (const sample of samples) {
      const { le: _, ...labels } = sample.labels;
      const key = JSON.stringify(Object.entries(labels).sort());
      groups.set(key, [...groups.get(key) ?? [], sample]);
    }
    for (const [key, group] of groups) {
      const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
      const bounds = buckets.map(({ labels }) => labels.le === "+Inf" ? Infinity : Number(labels.le));
      assert(bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]), `${name} ${key}: bounds rise`);
      assert(
        buckets.every(({ value }, i) => i === 0 || value >= buckets[i - 1].value),
        `${name} ${key}: cumulative`,
      );
      assert(bounds[bounds.length - 1] === Infinity, `${name} ${key}: +Inf is there`);
      const [sum, count] = ["_sum", "_count"].map((suffix) =>
        group.filter((each) => each.name === name + suffix)
      );
      assert(sum.length === 1 && count.length === 1, `${name} ${key}: sum and count`);
      assert(
        count[0].value === buckets[buckets.length - 1].value,
        `${name} ${key}: count is the last bucket`,
      );
      const isCanonical = ({ labels }: Sample): boolean => labels.le === "+Inf" || /[.e]/.test(labels.le);
      assert(!this.isOpen || buckets.every(isCanonical), `${name} ${key}: bounds are fractions`);
    }
  }
}
