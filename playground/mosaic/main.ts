import { Coordinator, makeClient, Selection, coordinator as theCoordinator } from "@uwdata/mosaic-core";
import { column, count, type FilterExpr, Query, sql } from "@uwdata/mosaic-sql";
import { FlightSqlClient } from "flightsql";
import { flightSqlConnector } from "flightsql/mosaic";
import { explain } from "../errors.ts";
import { Notice } from "../notice.ts";
import { byId } from "../page.ts";
import { histogram, type Measure } from "./histogram.ts";

const TABLE = "flights";

// Whole minutes and miles, as the data has them: the first and the last that lie in the range.
const whole = (from: number, to: number, unit: string): string =>
  `${Math.ceil(from)} to ${Math.floor(to)} ${unit}`.replaceAll("-", "−");
const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

const time = column("date");
const measures: readonly Measure[] = [
  {
    title: "Arrival delay in minutes",
    column: "delay",
    step: 5,
    domain: [-60, 120],
    ticks: [-60, -30, 0, 30, 60, 90, 120],
    unit: "Minutes",
    range: (from, to) => whole(from, to, "min"),
  },
  {
    title: "Time of departure",
    column: sql`(hour(${time}) + minute(${time}) / 60)`,
    step: 1,
    domain: [0, 24],
    ticks: [0, 6, 12, 18, 24],
    unit: "Hour",
    tickFormat: (hour) => clock(Math.round(hour * 60)),
    range: (from, to) => `${clock(Math.ceil(from * 60))} to ${clock(Math.floor(to * 60))}`,
  },
  {
    title: "Distance in miles",
    column: "distance",
    step: 100,
    domain: [0, 2800],
    ticks: [0, 500, 1000, 1500, 2000, 2500],
    unit: "Miles",
    range: (from, to) => whole(from, to, "mi"),
  },
];

const notice = new Notice(byId("notice", HTMLElement));
const reset = byId("reset", HTMLButtonElement);
const client = new FlightSqlClient(new URLSearchParams(location.search).get("server") ?? location.origin);
const coordinator = new Coordinator(flightSqlConnector(client), {
  // What fails is shown on the page.
  logger: null,
  // Counting three million rows takes the server some 20 ms: not worth tables that would stay in its database, and
  // that count to the pixel of a brush only.
  preagg: { enabled: false },
});
theCoordinator(coordinator);

const brush = Selection.crossfilter();
const counted = (filter: FilterExpr): Query => Query.from(TABLE).select({ n: count() }).where(filter);

function showCount(output: HTMLElement, data: unknown): void {
  const [row] = data as Iterable<{ n: number }>;
  output.textContent = row!.n.toLocaleString("en-US");
  output.dataset.state = "done";
}

async function fail(error: unknown): Promise<void> {
  notice.error(await explain(error));
}

function showDashboard(): void {
  const selected = byId("selected", HTMLOutputElement);
  makeClient({
    coordinator,
    selection: brush,
    query: counted,
    queryPending: () => {
      selected.dataset.state = "waiting";
    },
    queryResult: (data) => {
      showCount(selected, data);
      notice.hide();
    },
    queryError: (error) => {
      selected.dataset.state = "failed";
      // Mosaic wraps what its connector throws.
      void fail(error.cause);
    },
  });
  byId("figures", HTMLElement).append(...measures.map((measure) => histogram(TABLE, measure, brush)));
  brush.addEventListener("value", () => {
    reset.disabled = brush.clauses.length === 0;
  });
  reset.addEventListener("click", () => brush.reset());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !reset.disabled) brush.reset();
  });
  byId("dashboard", HTMLElement).hidden = false;
}

// Mosaic has no place to say that it cannot begin: whether the server and its table are there is asked first.
try {
  showCount(byId("total", HTMLElement), await coordinator.query(counted([])));
  showDashboard();
} catch (error) {
  await fail(error);
}
