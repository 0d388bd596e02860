//! Searches a whole Tencent payload for errors, end times and verdicts.

use mediahook_events::Verdict;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::body::text;
use crate::sender::{EventError, verdict};

/// The findings in a payload.
#[derive(Default)]
pub(super) struct Findings {
    /// Whether a part of it failed.
    pub(super) has_failed: bool,
    /// The first failure that has a code, else the first that has a message; the task's own comes before those of its
    /// parts.
    pub(super) error: Option<EventError>,
    /// The latest end of a part.
    pub(super) finished: Option<OffsetDateTime>,
    /// The worst verdict.
    pub(super) verdict: Option<Verdict>,
    /// Whether the task ended before anything was published.
    pub(super) is_unpublished: bool,
}

/// Members that do not show the outcome: the caller's request, which is repeated here; the description of the media asset,
/// whose `Status` is its own; and the segments of a review, each with a verdict that is part of the whole.
const NOT_SEARCHED: [&str; 6] = ["Input", "InputInfo", "input", "MediaBasicInfo", "SegmentSet", "segments"];

impl Findings {
    /// Searches a payload.
    pub(super) fn of(payload: &Value) -> Self {
        let mut findings = Self::default();
        findings.search(payload);
        findings
    }

    fn search(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.search(item)),
            Value::Object(members) => {
                self.add(members);
                let parts = members.iter().filter(|(name, _)| !NOT_SEARCHED.contains(&name.as_str()));
                parts.for_each(|(_, part)| self.search(part));
            }
            _ => {}
        }
    }

    /// Adds what one object shows, without its parts.
    fn add(&mut self, members: &Map<String, Value>) {
        let get = |name: &str| members.get(name).and_then(text);
        // The extended code is more precise than the number.
        let codes = [get("ErrCodeExt"), get("ErrCode"), get("errCode")];
        // In the legacy format a word, or an error code.
        let legacy_status = get("status");
        let status_code = legacy_status.clone().filter(|status| status.parse::<i64>().is_ok());
        // Whether WeChat has published it. The status beside it only shows that the task is over.
        let (wechat, publish) = (get("WechatStatus"), get("PublishResult"));
        let is_one_of = |word: &Option<String>, words: [&str; 2]| {
            word.as_deref().is_some_and(|word| words.contains(&word))
        };
        let has_failed = codes.iter().flatten().any(|code| is_error(code))
            || status_code.as_deref().is_some_and(is_error)
            || is_one_of(&get("Status"), ["FAIL", "ABORTED"])
            || is_one_of(&legacy_status, ["FAIL", "ABORTED"])
            || is_one_of(&wechat, ["FAIL", "AUDITNOTPASS"])
            || is_one_of(&publish, ["Failed", "Rejected"]);
        if has_failed {
            self.has_failed = true;
            let code = codes.into_iter().flatten().chain(status_code).find(|code| is_error(code));
            let message = get("Message").or_else(|| get("message"));
            let message = message.filter(|message| code.is_some() || is_error(message));
            self.keep(EventError { code, message });
        }
        self.is_unpublished |= wechat.as_deref() == Some("NOTTRIGGERED");
        self.finished = self.finished.max(get("FinishTime").and_then(|text| time(&text)));
        let suggestion = get("Suggestion").or_else(|| get("suggestion"));
        self.verdict = self.verdict.max(suggestion.and_then(|word| verdict(&word)));
    }

    /// Keeps the first error, unless only the new one has a code.
    fn keep(&mut self, error: EventError) {
        let has_code = self.error.as_ref().map(|kept| kept.code.is_some());
        let is_better = has_code == Some(false) && error.code.is_some();
        if (has_code.is_none() && error != EventError::default()) || is_better {
            self.error = Some(error);
        }
    }
}

/// A time of the sender. `0000-00-00T00:00:00Z` means none.
pub(super) fn time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn is_error(code: &str) -> bool {
    code != "0" && !code.eq_ignore_ascii_case("SUCCESS")
}
