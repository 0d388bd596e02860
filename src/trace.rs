//! The trace of an event: W3C's `traceparent` in its envelope, X-Ray's header in every call to AWS. Lambda writes the header.

/// The `traceparent` of X-Ray's header `Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1`, whose
/// other members do not matter. `None` if the trace has no parent, because `traceparent` requires one.
pub fn traceparent(header: &str) -> Option<String> {
    let member = |name| header.split(';').find_map(|member| member.trim().strip_prefix(name));
    let (start, unique) = member("Root=1-")?.split_once('-')?;
    let parent = member("Parent=")?;
    let sampled = u8::from(member("Sampled=") == Some("1"));
    let is_valid = is_hex(start, 8) && is_hex(unique, 24) && is_hex(parent, 16);
    is_valid.then(|| format!("00-{start}{unique}-{parent}-{sampled:02}"))
}

/// X-Ray's header of a `traceparent` that [`traceparent`] has written.
pub fn xray_header(traceparent: &str) -> Option<String> {
    let (trace, rest) = traceparent.strip_prefix("00-")?.split_once('-')?;
    let (parent, flags) = rest.split_once('-')?;
    let (start, unique) = trace.split_at_checked(8)?;
    let sampled = u8::from(flags == "01");
    let is_valid = is_hex(start, 8) && is_hex(unique, 24) && is_hex(parent, 16);
    is_valid.then(|| format!("Root=1-{start}-{unique};Parent={parent};Sampled={sampled}"))
}

/// AWS refuses a message or an entry whose header has anything else.
fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const XRAY: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8;Sampled=1";
    const TRACEPARENT: &str = "00-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8-01";

    #[test]
    fn both_say_the_same() {
        assert_eq!(traceparent(XRAY).as_deref(), Some(TRACEPARENT));
        assert_eq!(xray_header(TRACEPARENT).as_deref(), Some(XRAY));
        let unsampled = XRAY.replace("Sampled=1", "Sampled=0");
        assert_eq!(traceparent(&unsampled).as_deref().and_then(xray_header), Some(unsampled));
    }

    #[test]
    fn order_and_other_members_do_not_count() {
        for header in [
            "Sampled=1;Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8",
            "Self=1-2-3; Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700; Parent=03995c3f42cd8ad8; Sampled=1;Lineage=1:25:0",
        ] {
            assert_eq!(traceparent(header).as_deref(), Some(TRACEPARENT), "{header}");
        }
    }

    #[test]
    fn what_is_malformed_is_none() {
        for header in [
            "",
            ";",
            "Root=",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "Root=2-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e70;Parent=03995c3f42cd8ad8",
            "Root=1-5BEF4DE7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8",
            "Root=1-+bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=03995c3f42cd8ad8",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;é",
        ] {
            assert_eq!(traceparent(header), None, "{header}");
        }
        for text in [
            "",
            "00-",
            "01-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8-01",
            "00-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8",
            "00-5bef4de7ad49b0e87f6ef6c87fc2e700-03995c3f42cd8ad8;Sampled=1-01",
            "00-5bef4dé7ad49b0e87f6ef6c87fc2e70-03995c3f42cd8ad8-01",
        ] {
            assert_eq!(xray_header(text), None, "{text}");
        }
    }
}
