//! The bucket: private, with its lifecycle, and nothing waiting in it.

use aws_sdk_s3::types::{BucketVersioningStatus, ExpirationStatus, LifecycleRule};
use time::{Duration, OffsetDateTime};

use super::Report;
use crate::aws::{Aws, Kind, call};
use crate::context::Context;
use crate::failure::Failure;

/// The puller runs every minute.
const SPILL_MAY_WAIT: Duration = Duration::minutes(15);
/// An event and its data may be 14 days in the queue, 14 in the dead-letter queue, and 30 in an archive.
const PAYLOAD_DAYS: i32 = 59;

pub(super) async fn check(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let (aws, bucket) = (context.aws().await?, context.bucket().await?);
    let private = is_private(report, aws, &bucket).await;
    report.ended("bucket is private", private);
    let versioned = versioning(report, aws, &bucket).await;
    report.ended("bucket versioning", versioned);
    let lifecycle = lifecycle(report, aws, &bucket).await;
    report.ended("bucket lifecycle", lifecycle);
    let spill = spill(report, aws, &bucket).await;
    report.ended("spill", spill);
    rejected(report, aws, &bucket).await
}

async fn is_private(report: &mut Report<'_>, aws: &Aws, bucket: &str) -> Result<(), Failure> {
    let fix = format!(
        "aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration \
         BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    );
    let get = aws.s3().get_public_access_block().bucket(bucket).send();
    let blocks = match call("s3:GetBucketPublicAccessBlock", bucket, get).await {
        Ok(answer) => answer.public_access_block_configuration,
        // A bucket without such a configuration is answered like a bucket that does not exist.
        Err(error) if error.kind == Kind::Missing && error.to_string().contains("PublicAccessBlock") => None,
        Err(error) => return Err(error.into()),
    };
    let is_blocked = blocks.is_some_and(|blocks| {
        let all = [
            blocks.block_public_acls,
            blocks.ignore_public_acls,
            blocks.block_public_policy,
            blocks.restrict_public_buckets,
        ];
        all.iter().all(|block| *block == Some(true))
    });
    let found = if is_blocked {
        "public access is blocked"
    } else {
        "public access is not blocked: policies and ACLs may open it to anybody"
    };
    report.must(is_blocked, "bucket is private", found, fix);
    Ok(())
}

async fn versioning(report: &mut Report<'_>, aws: &Aws, bucket: &str) -> Result<(), Failure> {
    let answer =
        call("s3:GetBucketVersioning", bucket, aws.s3().get_bucket_versioning().bucket(bucket).send())
            .await?;
    let is_on = answer.status == Some(BucketVersioningStatus::Enabled);
    let found = if is_on { "on" } else { "off: what is deleted by mistake cannot be restored" };
    let fix = format!(
        "aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
    );
    report.should(is_on, "bucket versioning", found, fix);
    Ok(())
}

async fn lifecycle(report: &mut Report<'_>, aws: &Aws, bucket: &str) -> Result<(), Failure> {
    let get = aws.s3().get_bucket_lifecycle_configuration().bucket(bucket).send();
    let rules = match call("s3:GetLifecycleConfiguration", bucket, get).await {
        Ok(answer) => answer.rules.unwrap_or_default(),
        Err(error) if error.kind == Kind::Missing && error.to_string().contains("Lifecycle") => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let expiring: Vec<_> = rules
        .iter()
        .filter(|rule| rule.status == ExpirationStatus::Enabled)
        .filter_map(|rule| Some((prefix_of(rule), rule.expiration.as_ref()?.days?)))
        .collect();
    let days = |place: &str| {
        expiring.iter().filter(|(prefix, _)| place.starts_with(prefix)).map(|(_, days)| *days).min()
    };
    let fix = || "sam deploy: the template has the rules".to_owned();
    match days("payload/") {
        Some(days) => {
            let found = format!("payload/ is kept for {days} days");
            report.must(
                days >= PAYLOAD_DAYS,
                "bucket lifecycle",
                found,
                "sam deploy with PayloadRetentionDays of at least 59",
            );
        }
        None => report.warn("bucket lifecycle", "payload/ is kept for ever", fix()),
    }
    match days("rejected/") {
        Some(days) => report.ok("bucket lifecycle", format!("rejected/ is kept for {days} days")),
        None => report.warn("bucket lifecycle", "rejected/ is kept for ever", fix()),
    }
    if days("spill/").is_some() || expiring.iter().any(|(prefix, _)| prefix.starts_with("spill/")) {
        report.fail("bucket lifecycle", "spill/ expires: an event that waits there is lost", fix());
    }
    Ok(())
}

fn prefix_of(rule: &LifecycleRule) -> &str {
    #[expect(deprecated, reason = "the template's rules have it, and S3 answers it as it was set")]
    let direct = rule.prefix.as_deref();
    direct.or_else(|| rule.filter.as_ref()?.prefix.as_deref()).unwrap_or_default()
}

async fn spill(report: &mut Report<'_>, aws: &Aws, bucket: &str) -> Result<(), Failure> {
    let page =
        call("s3:ListBucket", bucket, aws.s3().list_objects_v2().bucket(bucket).prefix("spill/").send())
            .await?;
    let late = (OffsetDateTime::now_utc() - SPILL_MAY_WAIT).unix_timestamp();
    let waiting = page.contents();
    let is_late = waiting.iter().any(|object| object.last_modified.is_some_and(|time| time.secs() < late));
    let more = if page.is_truncated == Some(true) { "more than " } else { "" };
    let found = format!("{more}{} events wait in spill/", waiting.len());
    let fix = "docs/operations.md#spill-waiting; without the puller: mediahook replay spill/ --yes, then move the objects away";
    report.must(!is_late, "spill", found, fix);
    Ok(())
}

async fn rejected(report: &mut Report<'_>, aws: &Aws, bucket: &str) -> Result<(), Failure> {
    let page =
        call("s3:ListBucket", bucket, aws.s3().list_objects_v2().bucket(bucket).prefix("rejected/").send())
            .await?;
    let bodies = page
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .filter(|key| !key.ends_with(".json"))
        .count();
    let more = if page.is_truncated == Some(true) { "more than " } else { "" };
    report.should(
        bodies == 0,
        "rejected",
        format!("{more}{bodies} unprocessable bodies in rejected/"),
        "mediahook replay rejected/",
    );
    Ok(())
}
