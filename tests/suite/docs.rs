//! The tables of `docs/senders.md` are made from the code; what the pages point at is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mediahook::events::tencent_vod::known;
use mediahook_senders::alibaba::kind::Rule as AlibabaRule;
use mediahook_senders::tencent_vod::kind::{KINDS, Kind};
use mediahook_senders::tencent_vod::outcome::Rule;
use mediahook_senders::{alibaba_ims, alibaba_vod};

use crate::sender_facts::{ims_members, tencent_name, vod_event};

const HEAD: &str =
    "| event type | payload | outcome | subject | `mediaid` | `taskid` | `time` | `context` | errors |";
const RULE: &str = "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
const NONE: &str = "–";

/// Names in their order of preference.
fn code<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// A table has its paths in one text.
fn paths(paths: &str) -> impl Iterator<Item = &str> {
    paths.split(' ').filter(|path| !path.is_empty())
}

/// Things in their order of preference; none of them is nothing.
fn else_joined(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if names.is_empty() { NONE.to_owned() } else { names.join(", else ") }
}

/// The classes of the official SDK: by it, what the code reads is certain.
struct Sdk(BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>);

impl Sdk {
    fn read() -> Self {
        let lines = include_str!("../../crates/mediahook-events/tests/data/tencent-vod-sdk.txt").lines();
        let classes = lines.filter(|line| !line.starts_with('#')).map(|line| {
            let (class, members) = line.split_once(':').unwrap();
            (class, members.split(',').filter_map(|member| member.trim().split_once(' ')).collect())
        });
        Self(classes.collect())
    }

    /// The class of a kind's payload. Of the task whose event has but settings, the class of its query.
    fn class(&self, kind: &Kind) -> &'static str {
        match self.0["EventContent"][members(kind)[0]] {
            "ProcessImageAsyncTask" => "ProcessImageAsync",
            class => class,
        }
    }

    fn has(&self, class: &str, path: &str) -> bool {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let (name, is_list) = (name.trim_end_matches("[]"), name.ends_with("[]"));
        let member = self.0.get(class).and_then(|members| members.get(name));
        member.is_some_and(|of| {
            of.starts_with("[]") == is_list
                && (rest.is_empty() || self.has(of.trim_start_matches("[]"), rest))
        })
    }

    /// Whether a class, or one that it leads to, has a member of this name; but for what is not read.
    fn has_within(&self, class: &str, name: &str) -> bool {
        self.0.get(class.trim_start_matches("[]")).is_some_and(|members| {
            members
                .iter()
                .any(|(member, of)| *member == name || Self::is_read(member) && self.has_within(of, name))
        })
    }

    fn is_read(member: &str) -> bool {
        !["Input", "InputInfo", "MediaBasicInfo", "SegmentSet"].contains(&member)
    }
}

/// The names of the payload.
fn members(kind: &Kind) -> &'static [&'static str] {
    known(kind.event_type).expect("the table has only known types").1
}

/// The cells of one Tencent event type that both its class in the SDK and the code say.
fn of_class(sdk: &Sdk, kind: &Kind) -> String {
    let class = sdk.class(kind);
    // Its event is of another class.
    let grade = if class == "ProcessImageAsync" { "(i)" } else { "(c)" };
    let own = |names: &[&str]| -> Vec<String> {
        let there = names.iter().filter(|name| sdk.has(class, name));
        there.map(|name| format!("`{name}` {grade}")).collect()
    };
    let ids = |of: &'static str| {
        let of: Vec<_> =
            paths(of).filter(|path| !path.starts_with("MediaBasicInfo.MediaBasicInfo")).collect();
        assert!(of.iter().all(|path| sdk.has(class, path)), "{} is not in {class}", of.join(", "));
        if of.is_empty() { String::new() } else { format!("{} {grade}", code(of)) }
    };
    let task = own(&["TaskId"]).join("");
    let (about, output, input) = (ids(kind.about), ids(kind.output), ids(kind.input));
    let subject = match kind.rule {
        Rule::Cast => own(&["CastId"]).join(""),
        _ => else_joined([about.clone(), task.clone(), output.clone()]),
    };
    let input = if input.is_empty() { input } else { format!("of a failure {input}") };
    let media = else_joined([about, output, input]);
    let created = match (ids(kind.created), kind.rule) {
        (path, Rule::Success) => path,
        // That it is created at the end is a conclusion.
        (path, _) => path.replace("(c)", "(i)"),
    };
    let finished = sdk.has_within(class, "FinishTime").then(|| format!("the latest `FinishTime` {grade}"));
    let time = else_joined([created, finished.unwrap_or_default(), "receipt".to_owned()]);
    let context = else_joined(own(&["SessionContext", "MediaBasicInfo.SourceInfo.SourceContext"]));
    let mut errors = own(&["ErrCodeExt", "ErrCode"]);
    if kind.rule == Rule::Restored {
        errors.push("`Status` (i)".to_owned());
    }
    let mut parts = sdk.0[class].iter().filter(|(member, _)| Sdk::is_read(member));
    if parts.any(|(_, of)| sdk.has_within(of, "ErrCode") || sdk.has_within(of, "ErrCodeExt")) {
        errors.push(format!("its parts' {grade}"));
    }
    let task = if task.is_empty() { NONE.to_owned() } else { task };
    format!("{subject} | {media} | {task} | {time} | {context} | {}", else_joined(errors))
}

fn tencent_vod() -> String {
    let sdk = Sdk::read();
    let mut table = format!("{HEAD} name |\n{RULE}");
    for kind in KINDS {
        let outcome = match kind.rule {
            Rule::Task | Rule::Flow => "by status (c)",
            Rule::Ended => "at the end (c)",
            Rule::Restored => "at the end, by number (i)",
            Rule::Success => "success (c)",
            Rule::Cast => "state (c), its end (i)",
            Rule::Unlisted => unreachable!("only of types that are not in the table"),
        };
        let source = tencent_name(kind.event_type);
        let (event_type, members) = (kind.event_type, code(members(kind).iter().copied()));
        writeln!(table, "| `{event_type}` | {members} | {outcome} | {} | {source} |", of_class(&sdk, kind))
            .unwrap();
    }
    table
}

fn alibaba_outcome(rule: AlibabaRule) -> &'static str {
    match rule {
        AlibabaRule::Status => "by status word",
        AlibabaRule::Parts => "by status word, else its parts'",
        AlibabaRule::EndOnly => "by status word, never success",
        AlibabaRule::Started => "by status word, success is progress",
        AlibabaRule::Created => "by status word, success without one",
        AlibabaRule::Unlisted => unreachable!("only of types that are not in the table"),
    }
}

fn alibaba_ims() -> String {
    let mut table =
        "| event type | outcome | `mediaid` | members from |\n| --- | --- | --- | --- |\n".to_owned();
    for kind in alibaba_ims::KINDS {
        let (event_type, outcome) = (kind.event_type, alibaba_outcome(kind.rule));
        let media = else_joined(paths(kind.media).map(|path| format!("`{path}`")));
        writeln!(table, "| `{event_type}` | {outcome} | {media} | {} |", ims_members(event_type)).unwrap();
    }
    table
}

fn alibaba_vod() -> String {
    let mut table = "| event type | sent when | outcome | `mediaid` | `taskid` | `context` |\n\
        | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for kind in alibaba_vod::KINDS {
        let (event_type, outcome) = (kind.event_type, alibaba_outcome(kind.rule));
        let (when, extend) = vod_event(event_type);
        let ids = |of| else_joined(paths(of).map(|path| format!("`{path}`")));
        let (media, task) = (ids(kind.media), ids(kind.task));
        writeln!(table, "| `{event_type}` | {when} | {outcome} | {media} | {task} | `Extend` {extend} |")
            .unwrap();
    }
    table
}

/// The page with a table put between its markers.
fn with_table(page: &str, marker: &str, table: &str) -> String {
    let marker = format!("<!-- {marker}: made from the code -->\n");
    let (before, rest) = page.split_once(&marker).expect("the marker is in the page");
    let (_, after) = rest.split_once("<!-- end -->").expect("it has an end");
    format!("{before}{marker}\n{table}\n<!-- end -->{after}")
}

#[test]
fn senders_md_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/senders.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let expected = with_table(&page, "tencent-vod", &tencent_vod());
    let expected = with_table(&expected, "alibaba-ims", &alibaba_ims());
    let expected = with_table(&expected, "alibaba-vod", &alibaba_vod());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "docs/senders.md is out of date: UPDATE_DOCS=1 cargo test --test suite docs"
        );
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page that is meant to be read.
fn pages() -> Vec<PathBuf> {
    let of_folder = |folder: &str| std::fs::read_dir(root().join(folder)).unwrap();
    let entries = of_folder(".").chain(of_folder("docs")).map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The anchors that GitHub gives to a page's headings.
pub(super) fn anchors(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, a)| (file, Some(a)));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            let is_there = anchor.is_none_or(|anchor| anchors(&target).contains(anchor));
            assert!(is_there, "{}: no heading for {link}", page.display());
        }
    }
}

#[test]
fn the_tests_that_prove_the_promises_are_there() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("| promise "))
        .filter(|line| line.starts_with("| "))
        .collect();
    let mut named = 0;
    for name in rows.iter().skip(2).flat_map(|row| row.split('`')).filter(|code| code.contains("::")) {
        let (module, function) = name.rsplit_once("::").unwrap();
        let of = |folder: &str| {
            std::fs::read_to_string(root().join(folder).join(module.replace("::", "/")).with_extension("rs"))
        };
        // Some are made by a macro, which is given the name.
        let is_in = |folder| of(folder).is_ok_and(|source| source.contains(function));
        assert!(["tests/suite", "crates/mediahook-senders/tests"].into_iter().any(is_in), "{name}");
        named += 1;
    }
    assert!(named > 20, "{named}");
}
