//! What artificial intelligence found in a media, as subtasks of a flow.
//!
//! There are two dozen kinds, their names are irregular on the wire (`Porn.Asr` is in `PornAsrTask`; `FaceRecognition`
//! in `FaceTask` by the SDK and in `FaceRecognitionTask` by the product page), and they differ in what they found alone.
//! So a subtask is any member that is an object, and its output is left as it came.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::json::{Kind, Value};
use crate::sender::model::{Field, Number, Other, Raw, Shape, Text, model, write_field, write_members};

/// One result of `AiContentReviewResultSet`, `AiAnalysisResultSet` or `AiRecognitionResultSet`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct AiResult<'a> {
    /// `Type`: the kind of subtask, such as `Porn.Asr`.
    pub r#type: Option<Text<'a>>,
    /// The subtask behind the name of its member, such as `PornAsrTask`. There is one, by the documentation.
    pub tasks: Vec<(Text<'a>, AiTask<'a>)>,
    /// Every other member, as it came.
    pub other: Vec<Other<'a>>,
}

model! {
    /// A subtask of one kind.
    pub struct AiTask {
        /// `PROCESSING`, `SUCCESS` or `FAIL`.
        status "Status": Option<Text<'a>>,
        err_code_ext "ErrCodeExt": Option<Text<'a>>,
        err_code "ErrCode": Option<Number<'a>>,
        message "Message": Option<Text<'a>>,
        input "Input": Option<Raw<'a>>,
        /// What was found. Long lists are cut after a hundred elements, and `...SetFileUrl` has all.
        output "Output": Option<Raw<'a>>,
        progress "Progress": Option<Number<'a>>,
        begin_process_time "BeginProcessTime": Option<Text<'a>>,
        finish_time "FinishTime": Option<Text<'a>>,
    }
}

impl<'a> AiResult<'a> {
    /// The subtask.
    pub fn task(&self) -> Option<&AiTask<'a>> {
        self.tasks.first().map(|(_, task)| task)
    }
}

impl<'a> Shape<'a> for AiResult<'a> {
    fn read(value: Value<'_, 'a>) -> Option<Self> {
        if value.kind() != Kind::Object {
            return None;
        }
        let mut result = Self::default();
        for member in value.members() {
            if member.name() == "Type"
                && let Some(kind) = Field::read(member.value())
            {
                result.r#type = kind;
            } else if let Some(task) = Shape::read(member.value()) {
                result.tasks.push((member.name(), task));
            } else if !member.value().is_null() {
                result.other.push(member.into());
            }
        }
        Some(result)
    }
}

impl Serialize for AiResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        write_field(&mut map, "Type", &self.r#type)?;
        self.tasks.iter().try_for_each(|(name, task)| map.serialize_entry(name, task))?;
        write_members(&mut map, &self.other)?;
        map.end()
    }
}
