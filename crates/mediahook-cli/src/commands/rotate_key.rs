//! `connect SOURCE --rotate-key`: another key for a source, with no callback refused on the way.
//!
//! 1. The new key goes into the secret, in front of the old ones: the receiver accepts all of them.
//! 2. It waits until every function has read the secret again.
//! 3. The new key is set at the sender.
//! 4. It waits until what the sender had already signed with the old key is no longer valid.
//! 5. The old keys leave the secret.
//!
//! A tag of the secret says which step was done last, so that an interrupted run goes on where it was. Until step 5 every
//! key is valid, so at no step is a callback lost.

use std::slice;

use aws_sdk_secretsmanager::types::Tag;
use clap::Args;
use mediahook_senders::secret::Secret;
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::connect::is_same_key;
use crate::aws::call;
use crate::context::Context;
use crate::event::shown_time;
use crate::failure::{Exit, Failure};
use crate::json_pointer;
use crate::management::Api;
use crate::sources::{Document, Source, fingerprint};

/// How long the two waits are.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Waits {
    /// Seconds until every function has read the secret again (they read it every 5 minutes)
    #[arg(long, hide = true, default_value_t = 360)]
    reread_seconds: u32,
    /// Seconds for which what the sender signed with the old key may still arrive
    #[arg(long, hide = true, default_value_t = 900)]
    old_signature_seconds: u32,
}

/// The step that was done last, and for which key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Progress {
    step: Step,
    at: OffsetDateTime,
    key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The new key is in the secret.
    Added,
    /// It is set at the sender.
    Set,
}

impl Progress {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let step = match words.next()? {
            "added" => Step::Added,
            "set" => Step::Set,
            _ => return None,
        };
        let at = OffsetDateTime::parse(words.next()?, &Rfc3339).ok()?;
        Some(Self { step, at, key: words.next()?.to_owned() })
    }

    fn text(&self) -> String {
        let step = if self.step == Step::Added { "added" } else { "set" };
        format!("{step} {} {}", shown_time(self.at), self.key)
    }
}

/// A rotation of one source's key.
struct Rotation<'a> {
    source: String,
    member: &'static str,
    secret_id: String,
    api: &'a Api,
    waits: Waits,
    context: &'a Context,
}

pub(crate) async fn run(
    document: &Document,
    source: &Source<'_>,
    api: &Api,
    waits: Waits,
    yes: bool,
    context: &Context,
) -> Result<Exit, Failure> {
    if source.settings.keys().is_empty() {
        return Err(Failure::Usage(format!("{}: has no key to rotate", source.name)));
    }
    let secret_id = context.sources_secret().await?.filter(|_| context.options.sources.is_none());
    let secret_id = secret_id.ok_or_else(|| {
        Failure::Usage("a key is rotated in the stack's secret: give --stack, and not --sources".to_owned())
    })?;
    let member = if source.sender() == "tencent-vod" { "sign_keys" } else { "auth_keys" };
    let rotation = Rotation { source: source.name.to_owned(), member, secret_id, api, waits, context };
    let progress = rotation.progress().await?;
    if let Some(progress) = &progress {
        rotation.key(document, progress)?;
    }
    if !yes {
        return Ok(rotation.announce(progress.as_ref()));
    }
    rotation.advance(document, progress).await
}

impl Rotation<'_> {
    /// Does what is left, from the step that was done last. After each wait the document is read anew, because somebody may
    /// have changed it meanwhile.
    async fn advance(&self, document: &Document, progress: Option<Progress>) -> Result<Exit, Failure> {
        let progress = if let Some(progress) = progress {
            progress
        } else {
            let (key, old) = (new_key()?, document.get(&self.source)?);
            self.write_keys(document, &[slice::from_ref(&key), old.settings.keys()].concat()).await?;
            self.record(Step::Added, &key).await?
        };
        let progress = if progress.step == Step::Added {
            self.wait(progress.at, self.waits.reread_seconds, "until every function has read the new key")
                .await;
            let key = self.key(&self.context.sources().await?, &progress)?;
            let mut settings = self.api.read().await?;
            settings.key = Some(key.clone());
            self.api.write(&settings).await?;
            self.check_at_sender(&key).await?;
            self.record(Step::Set, &key).await?
        } else {
            progress
        };
        self.wait(
            progress.at,
            self.waits.old_signature_seconds,
            "until no callback is signed with the old key",
        )
        .await;
        let document = self.context.sources().await?;
        let key = self.key(&document, &progress)?;
        self.write_keys(&document, &[key]).await?;
        self.forget().await?;
        self.tell("removed", &progress.key, "the old keys are removed: the rotation is done");
        Ok(Exit::Done)
    }

    fn announce(&self, progress: Option<&Progress>) -> Exit {
        let (step, next) = match progress.map(|progress| progress.step) {
            None => (
                "none",
                "a new key would be added to the secret, set at the sender after 6 minutes, and the old keys removed 15 minutes later",
            ),
            Some(Step::Added) => ("added", "the new key is in the secret; next it is set at the sender"),
            Some(Step::Set) => {
                ("set", "the new key is set at the sender; next the old keys leave the secret")
            }
        };
        self.context.out.json(&json!({ "source": self.source, "dry_run": true, "step": step, "next": next }));
        self.context.out.text(next);
        self.context.out.note("add --yes to do it");
        Exit::Done
    }

    fn tag(&self) -> String {
        format!("mediahook:rotation:{}", self.source)
    }

    async fn progress(&self) -> Result<Option<Progress>, Failure> {
        let describe =
            self.context.aws().await?.secrets().describe_secret().secret_id(&self.secret_id).send();
        let answer = call("secretsmanager:DescribeSecret", &self.secret_id, describe).await?;
        let tag = answer.tags.unwrap_or_default().into_iter().find(|tag| tag.key() == Some(&self.tag()));
        Ok(tag.and_then(|tag| Progress::parse(tag.value().unwrap_or_default())))
    }

    /// Writes down that a step is done. An interruption before it repeats the step, which does no harm.
    async fn record(&self, step: Step, key: &Secret) -> Result<Progress, Failure> {
        let progress = Progress { step, at: OffsetDateTime::now_utc(), key: fingerprint(key) };
        let tag = Tag::builder().key(self.tag()).value(progress.text()).build();
        let request =
            self.context.aws().await?.secrets().tag_resource().secret_id(&self.secret_id).tags(tag).send();
        call("secretsmanager:TagResource", &self.secret_id, request).await?;
        let (word, text) = match step {
            Step::Added => ("added", "the new key is in the secret"),
            Step::Set => ("set", "the new key is set at the sender"),
        };
        self.tell(word, &progress.key, text);
        Ok(progress)
    }

    async fn forget(&self) -> Result<(), Failure> {
        let request = self
            .context
            .aws()
            .await?
            .secrets()
            .untag_resource()
            .secret_id(&self.secret_id)
            .tag_keys(self.tag())
            .send();
        call("secretsmanager:UntagResource", &self.secret_id, request).await?;
        Ok(())
    }

    /// The key that the rotation is to: the first one, unless somebody has changed the document.
    fn key(&self, document: &Document, progress: &Progress) -> Result<Secret, Failure> {
        let first = document.get(&self.source)?.settings.keys().first().cloned();
        first.filter(|key| fingerprint(key) == progress.key).ok_or_else(|| {
            Failure::Failed(format!(
                "{}: a rotation to the key {} is in progress, but that is no longer the first key: remove the tag `{}` of the secret to begin anew",
                self.source,
                progress.key,
                self.tag()
            ))
        })
    }

    /// Writes the document with these keys of this source. No other byte of it changes.
    async fn write_keys(&self, document: &Document, keys: &[Secret]) -> Result<(), Failure> {
        let keys: Vec<_> = keys.iter().map(Secret::reveal).collect();
        let pointer = format!("/{}/{}", self.source.replace('/', "~1"), self.member);
        let text = json_pointer::replace(&document.text, &pointer, &json!(keys).to_string());
        let text = text.map_err(|error| Failure::Failed(format!("the sources document: {error}")))?;
        // What the functions would not read must not be written.
        Document::parse(text.clone())?;
        let request = self
            .context
            .aws()
            .await?
            .secrets()
            .put_secret_value()
            .secret_id(&self.secret_id)
            .secret_string(text)
            .send();
        call("secretsmanager:PutSecretValue", &self.secret_id, request).await?;
        Ok(())
    }

    /// Where the sender's key can be read, it must be the new one now.
    async fn check_at_sender(&self, key: &Secret) -> Result<(), Failure> {
        let current = self.api.read().await?;
        if current.key.is_none_or(|current| is_same_key(&current, key)) {
            return Ok(());
        }
        Err(Failure::Failed(format!(
            "{}: the sender does not have the key that was set; nothing is lost, run it again",
            self.source
        )))
    }

    async fn wait(&self, since: OffsetDateTime, seconds: u32, what: &str) {
        let until = since + Duration::seconds(seconds.into());
        let left = until - OffsetDateTime::now_utc();
        if left.is_positive() {
            self.context.out.note(format_args!(
                "waiting until {} {what}; a run that is interrupted can be repeated",
                shown_time(until)
            ));
            tokio::time::sleep(left.unsigned_abs()).await;
        }
    }

    fn tell(&self, step: &str, key: &str, text: &str) {
        self.context.out.json(&json!({ "source": self.source, "step": step, "key": key }));
        self.context.out.text(format_args!("{text} ({key})"));
    }
}

/// 32 letters and digits, which is what both senders take, with all three kinds that Alibaba asks for.
fn new_key() -> Result<Secret, Failure> {
    const CHARACTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    loop {
        let mut random = [0; 128];
        getrandom::fill(&mut random)
            .map_err(|error| Failure::Failed(format!("no random numbers: {error}")))?;
        // Of 256 values the last 8 would make the first characters more likely.
        let fair = random.iter().filter(|byte| **byte < 248);
        let key: String = fair
            .filter_map(|byte| CHARACTERS.get(usize::from(byte % 62)))
            .take(32)
            .map(|byte| char::from(*byte))
            .collect();
        let has = |kind: fn(&char) -> bool| key.chars().any(|character| kind(&character));
        if key.len() == 32
            && has(char::is_ascii_uppercase)
            && has(char::is_ascii_lowercase)
            && has(char::is_ascii_digit)
        {
            return Ok(Secret::new(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_one_that_both_senders_take() {
        let keys: std::collections::HashSet<_> =
            (0..50).map(|_| new_key().unwrap().reveal().to_owned()).collect();
        assert_eq!(keys.len(), 50);
        assert!(
            keys.iter().all(|key| key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
    }

    #[test]
    fn progress_is_read_as_it_is_written() {
        let progress =
            Progress { step: Step::Set, at: OffsetDateTime::UNIX_EPOCH, key: "sha256:0011aabb".to_owned() };
        assert_eq!(progress.text(), "set 1970-01-01T00:00:00Z sha256:0011aabb");
        assert_eq!(Progress::parse(&progress.text()), Some(progress));
        assert_eq!(Progress::parse("whatever"), None);
    }
}
