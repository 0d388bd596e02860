//! Finds the source of a request, and the token behind it, from the path.

use crate::sources::{Source, Sources};

/// The source whose path was called, and the token that followed; empty if there was none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route<'r, 's> {
    pub(super) source: &'s Source,
    pub(super) token: &'r str,
}

/// Finds `/SENDER/APP`, or `/SENDER/APP/TOKEN` if the source has tokens. A slash at the end makes no difference.
pub(super) fn route<'r, 's>(path: &'r str, sources: &'s Sources) -> Option<Route<'r, 's>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(source) = sources.get(path) {
        return Some(Route { source, token: "" });
    }
    let (name, token) = path.rsplit_once('/')?;
    sources.get(name).filter(|source| source.has_path_tokens()).map(|source| Route { source, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_source() {
        let sources = Sources::parse(
            r#"{"tencent-vod/main":{"path_tokens":["path-token"]},"alibaba-ims/prod":{"auth_keys":["AuthKey1"]}}"#,
        )
        .unwrap();
        let route = |path| route(path, &sources).map(|route| (route.source.name(), route.token));
        assert_eq!(route("/tencent-vod/main/abc"), Some(("tencent-vod/main", "abc")));
        assert_eq!(route("/tencent-vod/main"), Some(("tencent-vod/main", "")));
        assert_eq!(route("/tencent-vod/main/"), Some(("tencent-vod/main", "")));
        assert_eq!(route("/alibaba-ims/prod/"), Some(("alibaba-ims/prod", "")));
        for path in [
            "",
            "/",
            "//",
            "/tencent-vod",
            "tencent-vod/main",
            "/tencent-vod/other",
            "/tencent-vod/main/a/b",
            "/alibaba-ims/prod/token",
            "/Tencent-vod/main",
            "/\"<>",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
    }
}
