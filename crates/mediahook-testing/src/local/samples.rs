//! The senders' sample bodies: every file under `events/` and `tests/fixtures/`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// The last so many characters of an id become a number that was not used before.
const FRESH_DIGITS: usize = 8;

/// The folders that hold a sender's samples.
fn folders(sender: &str) -> [PathBuf; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    [root.join("events").join(sender), root.join("tests/fixtures").join(sender)]
}

/// The names of a sender's samples: the event type, and behind a dot what is special about it.
pub(super) fn names(sender: &str) -> Vec<String> {
    let entries = folders(sender).into_iter().filter_map(|folder| folder.read_dir().ok()).flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut names: Vec<_> = json.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names.dedup();
    names
}

/// The body of a sample.
///
/// # Errors
/// There is no such sample.
pub(super) fn body(sender: &str, name: &str) -> Result<String, String> {
    let is_known = names(sender).iter().any(|known| known == name);
    let files = folders(sender).map(|folder| folder.join(format!("{name}.json")));
    let texts = files.iter().filter(|_| is_known).filter_map(|file| std::fs::read_to_string(file).ok());
    let text = texts.map(|text| text.trim_end().to_owned()).next();
    text.ok_or_else(|| format!("there is no sample {sender} {name}"))
}

/// The same event of another media asset and task, so that its id was not seen before: the end of each of its ids
/// is replaced, wherever the id is in the body. An event without ids gets a member of its own.
pub(super) fn fresh(body: &str) -> String {
    let number = format!("{:0FRESH_DIGITS$}", next_number() % 10_u64.pow(8));
    let mut fresh = body.to_owned();
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        for id in ids(&value) {
            let kept = id.len() - FRESH_DIGITS;
            fresh = fresh.replace(&id, &format!("{}{number}", &id[..kept]));
        }
    }
    if fresh == body { with_member(body, "LocalRun", &number) } else { fresh }
}

/// The object with one more member.
pub(super) fn with_member(body: &str, name: &str, value: &str) -> String {
    let object = body.trim_end().strip_suffix('}').expect("an object");
    format!(r#"{object},"{name}":"{value}"}}"#)
}

/// The texts of the members that hold ids of media assets, tasks and jobs, where they are long enough.
fn ids(value: &Value) -> Vec<String> {
    const ENDS: [&str; 3] = ["id", "ids", "idset"];
    let mut found = Vec::new();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.to_ascii_lowercase();
                let is_id = ENDS.iter().any(|end| name.ends_with(end)) && name != "userid";
                match member {
                    Value::String(id) if is_id => found.push(id.clone()),
                    Value::Array(ids) if is_id => {
                        found.extend(ids.iter().filter_map(Value::as_str).map(String::from));
                    }
                    other => found.extend(ids(other)),
                }
            }
        }
        Value::Array(values) => found.extend(values.iter().flat_map(ids)),
        _ => {}
    }
    found.retain(|id| id.is_ascii() && id.len() > FRESH_DIGITS);
    found
}

/// Begins with the time, so that a second start does not repeat the ids of the first.
pub(super) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let started = u64::try_from(now.as_millis()).unwrap_or_default() / 100 * 100;
    NEXT.fetch_max(started, Ordering::Relaxed);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
