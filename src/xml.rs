//! The XML of S3: flat records, such as `<Contents>` or `<Error>`, whose children are texts. Names are matched
//! without their namespace, which documentation and real answers write differently.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

/// One record: its children's local names, and their texts as they were before XML.
pub(crate) type Record = HashMap<String, String>;

/// Every element of that name, wherever it stands; nothing where the text is no XML.
pub(crate) fn records(xml: &str, name: &str) -> Option<Vec<Record>> {
    let mut reader = Reader::from_str(xml);
    let mut records = Vec::new();
    let mut record: Option<Record> = None;
    let mut field: Option<(String, String)> = None;
    let mut open = 0_usize;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                open += 1;
                let local = std::str::from_utf8(start.local_name().into_inner()).ok()?.to_owned();
                match &record {
                    None if local == name => record = Some(Record::new()),
                    Some(_) => field = Some((local, String::new())),
                    None => {}
                }
            }
            Event::Text(text) => {
                if let Some((_, value)) = &mut field {
                    value.push_str(&text.unescape().ok()?);
                }
            }
            Event::CData(text) => {
                if let Some((_, value)) = &mut field {
                    value.push_str(std::str::from_utf8(&text).ok()?);
                }
            }
            Event::End(end) => {
                open = open.saturating_sub(1);
                if let (Some(record), Some((field, value))) = (&mut record, field.take()) {
                    record.insert(field, value);
                } else if end.local_name().into_inner() == name.as_bytes() {
                    records.extend(record.take());
                }
            }
            // A text that was cut off must not pass for a shorter one.
            Event::Eof => return (open == 0).then_some(records),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        let xml = "<?xml version=\"1.0\"?>\r\n<m:Messages xmlns:m=\"x\"> <m:Message>\n\
            <MessageBody>{&quot;a&quot; :\r\n &quot;&lt;&amp;&#20013;媒&gt;&quot;}</MessageBody><Empty/><ReceiptHandle>1-ODU=</ReceiptHandle>\
            </m:Message><Message><MessageBody><![CDATA[{\"a\":\"<&\"}]]></MessageBody></Message></m:Messages>";
        let records = records(xml, "Message").unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0]["MessageBody"], "{\"a\" :\r\n \"<&中媒>\"}");
        assert_eq!(records[0]["ReceiptHandle"], "1-ODU=");
        assert_eq!(records[1]["MessageBody"], r#"{"a":"<&"}"#);
    }

    #[test]
    fn what_is_no_xml_is_nothing() {
        for text in
            ["<a><b></a>", "<Messages><Message>", "<Message><MessageBody>&nosuch;</MessageBody></Message>"]
        {
            assert_eq!(records(text, "Message"), None, "{text}");
        }
        assert_eq!(records("", "Message"), Some(vec![]));
        assert_eq!(records("{}", "Message"), Some(vec![]));
    }
}
