//! What `CloudWatch` makes of what was published: statistics, expressions, alarms.

use serde_json::Value;

use crate::template::Template;

use super::seen::{Seen, watched};

/// How long each fault lasts: longer than what any alarm looks at.
pub(super) const PLAYED: u64 = 2 * 60 * 60;

/// What was published, and at which seconds.
pub(super) struct Published {
    pub(super) at: Vec<u64>,
    pub(super) what: What,
}

pub(super) enum What {
    /// A line of ours with its metrics.
    Line(Value),
    /// Namespace, metric, the value of its one dimension, and what it counts or measures.
    Aws(&'static str, &'static str, &'static str, u64),
}

impl Published {
    /// What it publishes of a metric.
    pub(super) fn of(&self, seen: &Seen) -> Option<u64> {
        match &self.what {
            What::Line(line) => seen.counted_in(line),
            What::Aws(namespace, name, of, value) => {
                let [(_, dimension)] = seen.dimensions.as_slice() else { return None };
                (seen.namespace == *namespace && seen.name == *name && dimension == of).then_some(*value)
            }
        }
    }
}

/// What happens every so many seconds, as long as a fault is played.
pub(super) fn every(seconds: u64) -> Vec<u64> {
    (0..PLAYED / seconds).map(|number| 30 + number * seconds).collect()
}

/// A statistic of a metric within these seconds; nothing where nothing was published.
pub(super) fn statistic(
    of: &str,
    seen: &Seen,
    published: &[Published],
    from: u64,
    until: u64,
) -> Option<u64> {
    let within = |one: &Published| one.at.iter().filter(|at| (from..until).contains(*at)).count();
    let values = published.iter().filter_map(|one| Some((one.of(seen)?, within(one))));
    let values = values.flat_map(|(value, times)| std::iter::repeat_n(value, times));
    match of {
        "Sum" => values.reduce(|sum, value| sum + value),
        "Minimum" => values.min(),
        // Of few values, p99 is the greatest.
        "Maximum" | "p99" => values.max(),
        _ => panic!("{of}: not a statistic that these tests know"),
    }
}

/// `FILL(a, 0) + FILL(b, 0)`, `a - FILL(b, 0)`, `a + b`: as `CloudWatch` documents it, it has no value if one term has none.
pub(super) fn evaluate(expression: &str, value: impl Fn(&str) -> Option<u64>) -> Option<i64> {
    let (mut sum, mut sign) = (0, 1);
    for word in expression.replace(", 0)", "").split(' ') {
        match (word, word.strip_prefix("FILL(")) {
            ("+", _) => sign = 1,
            ("-", _) => sign = -1,
            (_, Some(filled)) => sum += sign * i64::try_from(value(filled).unwrap_or(0)).ok()?,
            (id, None) => sum += sign * i64::try_from(value(id)?).ok()?,
        }
    }
    Some(sum)
}

/// Whether an alarm fires while this is published: `CloudWatch` looks once a minute at the periods before.
pub(super) fn fires(template: &Template, alarm: &str, published: &[Published]) -> bool {
    let number = |name: &str| template.number(&format!("{alarm}.Properties.{name}"));
    let property = |name: &str| template.0.get(&format!("{alarm}.Properties.{name}")).map(String::as_str);
    let (expression, metrics) = watched(template, alarm);
    // Of an expression, the metrics have it: in one alarm, all the same.
    let of_metrics = |name: &str| {
        let rest = property("Metrics").and_then(|metrics| metrics.split_once(&format!(" {name}: ")));
        rest.and_then(|(_, rest)| rest.split([',', ' ']).next()).expect("a member of the metric")
    };
    let period =
        if property("Period").is_some() { number("Period") } else { of_metrics("Period").parse().unwrap() };
    let stat = property("Statistic").or(property("ExtendedStatistic"));
    let stat = stat.unwrap_or_else(|| of_metrics("Stat"));
    let periods = number("EvaluationPeriods");
    let needed = if property("DatapointsToAlarm").is_some() { number("DatapointsToAlarm") } else { periods };
    let threshold = i64::try_from(number("Threshold")).unwrap();
    let breaches = |from: u64, until: u64| {
        let value = |id: &str| {
            let (_, seen) = metrics.iter().find(|(metric, _)| metric == id).expect("a metric of this id");
            statistic(stat, seen, published, from, until)
        };
        let Some(value) = evaluate(&expression, value) else {
            return property("TreatMissingData") == Some("breaching");
        };
        match property("ComparisonOperator") {
            Some("GreaterThanThreshold") => value > threshold,
            Some("LessThanThreshold") => value < threshold,
            other => panic!("{other:?}: not a comparison that these tests know"),
        }
    };
    assert!(period * periods <= PLAYED, "{alarm}: looks at more than is played");
    (period * periods..=PLAYED).step_by(60).any(|now| {
        let breaching = (0..periods).filter(|ago| breaches(now - (ago + 1) * period, now - ago * period));
        breaching.count() as u64 >= needed
    })
}
