//! Generated images, videos, 3D models, elements and voices.

use serde_json::Value;

use super::media::MediaMetaData;
use crate::lenient::lenient;

lenient! {
    /// An image was generated.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcImageTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<AigcImageTaskInput>,
        /// The result.
        pub output: Option<AigcImageTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcImageTaskInput {
        /// Name of the model.
        pub model_name: Option<String>,
        /// Version of the model.
        pub model_version: Option<String>,
        /// The files.
        pub file_infos: Vec<AigcImageTaskInputFileInfo>,
        /// What to generate.
        pub prompt: Option<String>,
        /// What not to generate.
        pub negative_prompt: Option<String>,
        /// Whether the prompt is improved automatically: `Enabled` or `Disabled`.
        pub enhance_prompt: Option<String>,
        /// `Standard` or `Professional`.
        pub generation_mode: Option<String>,
        /// How the output was to be stored, as requested.
        pub output_config: Option<Value>,
        /// Seed of the random numbers.
        pub seed: Option<i64>,
        /// Kind of scene.
        pub scene_type: Option<String>,
        /// Extra settings, as requested.
        pub ext_info: Option<String>,
    }

    /// A file to generate from.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcImageTaskInputFileInfo {
        /// `File`, `Url` or `Base64`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
        /// The file itself, in Base64.
        pub base64: Option<String>,
        /// The text.
        pub text: Option<String>,
        /// How the reference is used.
        pub reference_type: Option<String>,
    }

    /// The generated images.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcImageTaskOutput {
        /// The files.
        pub file_infos: Vec<AigcImageTaskOutputFileInfo>,
        /// Ids of the task flows that were started. Seen in real events; the SDK has them of videos only.
        pub procedure_task_ids: Vec<String>,
    }

    /// A generated image.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcImageTaskOutputFileInfo {
        /// `Permanent` or `Temporary`.
        pub storage_mode: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
    }

    /// A video was generated.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<AigcVideoTaskInput>,
        /// The result.
        pub output: Option<AigcVideoTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTaskInput {
        /// Name of the model.
        pub model_name: Option<String>,
        /// Version of the model.
        pub model_version: Option<String>,
        /// The files.
        pub file_infos: Vec<AigcVideoTaskInputFileInfo>,
        /// Subjects to show.
        pub subject_infos: Vec<AigcVideoTaskInputSubjectInfo>,
        /// Id of the media asset that is the last frame.
        pub last_frame_file_id: Option<String>,
        /// URL of the last frame.
        pub last_frame_url: Option<String>,
        /// What to generate.
        pub prompt: Option<String>,
        /// What not to generate.
        pub negative_prompt: Option<String>,
        /// Whether the prompt is improved automatically: `Enabled` or `Disabled`.
        pub enhance_prompt: Option<String>,
        /// `Standard` or `Professional`.
        pub generation_mode: Option<String>,
        /// How the output was to be stored, as requested.
        pub output_config: Option<Value>,
        /// Where the input is: `Oversea` or `Mainland`.
        pub input_region: Option<String>,
        /// Kind of scene.
        pub scene_type: Option<String>,
        /// Seed of the random numbers.
        pub seed: Option<i64>,
        /// Extra settings, as requested.
        pub ext_info: Option<String>,
    }

    /// A file to generate from.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTaskInputFileInfo {
        /// `File`, `Url` or `Base64`.
        pub r#type: Option<String>,
        /// Kind of file: `Video`, `Audio` or `Image`.
        pub category: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
        /// The file itself, in Base64.
        pub base64: Option<String>,
        /// How the reference is used.
        pub reference_type: Option<String>,
        /// Id of the subject.
        pub object_id: Option<String>,
        /// Id of the voice.
        pub voice_id: Option<String>,
        /// Whether the original sound is kept: `Enabled` or `Disabled`.
        pub keep_original_sound: Option<String>,
        /// `FirstFrame`, `LastFrame` or `Reference`.
        pub usage: Option<String>,
        /// The text.
        pub text: Option<String>,
    }

    /// A subject to show.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTaskInputSubjectInfo {
        /// Id of the subject.
        pub id: Option<String>,
        /// Name of the subject.
        pub name: Option<String>,
        /// Id of the voice.
        pub voice_id: Option<String>,
        /// URLs of images of the subject.
        pub image_urls: Vec<String>,
        /// URLs of videos of the subject.
        pub video_urls: Vec<String>,
    }

    /// The generated videos.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTaskOutput {
        /// The files.
        pub file_infos: Vec<AigcVideoTaskOutputFileInfo>,
        /// Ids of the task flows that were started.
        pub procedure_task_ids: Vec<String>,
        /// What the task consumed.
        pub usage: Option<AigcVideoTaskUsage>,
    }

    /// A generated file.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTaskOutputFileInfo {
        /// `Permanent` or `Temporary`.
        pub storage_mode: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Content of the file, if `usage_type` is `position_info`.
        pub file_content: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
        /// What the file is, such as `scene_url` or `image_url`.
        pub usage_type: Option<String>,
    }

    /// What the task consumed. Which fields are set depends on the model.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcVideoTaskUsage {
        /// Input tokens.
        pub input_tokens: Option<i64>,
        /// Tokens spent on thinking.
        pub thought_tokens: Option<i64>,
        /// Number of input images.
        pub input_image_count: Option<i64>,
        /// Length of the input in seconds.
        pub input_seconds: Option<i64>,
        /// Length of the output in seconds.
        pub output_seconds: Option<i64>,
        /// Length of input and output in seconds.
        pub total_seconds: Option<i64>,
    }

    /// An image of a scene was generated.
    #[serde(rename_all = "PascalCase")]
    pub struct SceneAigcImageTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<SceneAigcImageTaskInput>,
        /// The result.
        pub output: Option<SceneAigcImageTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct SceneAigcImageTaskInput {
        /// Settings of the scene, as requested.
        pub scene_info: Option<Value>,
        /// The files.
        pub file_infos: Vec<SceneAigcImageTaskInputFileInfo>,
        /// How the output was to be stored, as requested.
        pub output_config: Option<Value>,
    }

    /// A file to generate from.
    #[serde(rename_all = "PascalCase")]
    pub struct SceneAigcImageTaskInputFileInfo {
        /// `File` or `Url`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// The generated images.
    #[serde(rename_all = "PascalCase")]
    pub struct SceneAigcImageTaskOutput {
        /// The files.
        pub file_infos: Vec<SceneAigcImageTaskOutputFileInfo>,
    }

    /// A generated image.
    #[serde(rename_all = "PascalCase")]
    pub struct SceneAigcImageTaskOutputFileInfo {
        /// `Permanent` or `Temporary`.
        pub storage_mode: Option<String>,
        /// Name of the media asset.
        pub media_name: Option<String>,
        /// Id of the category that the media asset is filed under.
        pub class_id: Option<i64>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// What is inside the file.
        pub meta_data: Option<MediaMetaData>,
    }

    /// A 3D model was generated.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<AigcHunyuan3DTaskInput>,
        /// The result.
        pub output: Option<AigcHunyuan3DTaskOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DTaskInput {
        /// Reference images.
        pub image_infos: Vec<AigcHunyuan3DReferenceImageInfo>,
        /// Images of several views.
        pub multi_view_image_infos: Vec<AigcHunyuan3DMultiViewImageInfo>,
        /// What to generate.
        pub prompt: Option<String>,
        /// What to generate, such as `Normal` or `Geometry`.
        pub generate_type: Option<String>,
        /// Reference 3D models.
        pub mesh_infos: Vec<AigcHunyuan3DMeshInfo>,
        /// Whether to create PBR materials: `Enabled` or `Disabled`.
        #[serde(rename = "EnablePBR")]
        pub enable_pbr: Option<String>,
        /// Number of faces of the mesh.
        pub face_count: Option<i64>,
        /// Whether UV unwrapping is kept: `Enabled` or `Disabled`.
        #[serde(rename = "KeepUV")]
        pub keep_uv: Option<String>,
        /// Additional output format, such as `FBX`.
        pub result_format: Option<String>,
        /// Seed of the random numbers.
        pub seed: Option<i64>,
        /// Style.
        pub style: Option<String>,
        /// How the output was to be stored, as requested.
        pub output_config: Option<Value>,
    }

    /// A reference image.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DReferenceImageInfo {
        /// `File` or `Url`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// An image of one view.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DMultiViewImageInfo {
        /// `File` or `Url`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
        /// View, such as `front` or `left`.
        pub view_type: Option<String>,
    }

    /// A reference 3D model.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DMeshInfo {
        /// `File` or `Url`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// The generated files.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DTaskOutput {
        /// The files.
        pub file_infos: Vec<AigcHunyuan3DTaskOutputFileInfo>,
    }

    /// A generated file.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcHunyuan3DTaskOutputFileInfo {
        /// `Permanent` or `Temporary`.
        pub storage_mode: Option<String>,
        /// When the file is deleted; ISO 8601. `9999-12-31T23:59:59Z` is never.
        pub expire_time: Option<String>,
        /// File type, such as `mp4`.
        pub file_type: Option<String>,
        /// URL of the file.
        pub file_url: Option<String>,
        /// URL of a preview.
        pub preview_file_url: Option<String>,
    }

    /// A custom element for generated videos was created.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAigcAdvancedCustomElementTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<CreateAigcAdvancedCustomElementInput>,
        /// The result.
        pub output: Option<CreateAigcAdvancedCustomElementOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAigcAdvancedCustomElementInput {
        /// Name of the element.
        pub element_name: Option<String>,
        /// Description of the element.
        pub element_description: Option<String>,
        /// How the reference is used.
        pub reference_type: Option<String>,
        /// Id of the element's voice.
        pub element_voice_id: Option<String>,
        /// Reference videos, often JSON.
        pub element_video_list: Option<String>,
        /// Reference images, often JSON.
        pub element_image_list: Option<String>,
        /// Tags of the element, often JSON.
        pub tag_list: Option<String>,
    }

    /// The custom elements.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAigcAdvancedCustomElementOutput {
        /// What was created.
        pub info_list: Vec<AdvancedElementInfo>,
    }

    /// A custom element.
    #[serde(rename_all = "PascalCase")]
    pub struct AdvancedElementInfo {
        /// Id of the element.
        pub element_id: Option<String>,
        /// What is known about the element, often JSON.
        pub element_info: Option<String>,
    }

    /// A custom voice was created.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAigcCustomVoiceTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<CreateAigcCustomVoiceInput>,
        /// The result.
        pub output: Option<CreateAigcCustomVoiceOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was requested.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAigcCustomVoiceInput {
        /// Name of the voice.
        pub voice_name: Option<String>,
        /// URL of a sample of the voice.
        pub voice_url: Option<String>,
        /// Id of an earlier work to take the voice from.
        pub video_id: Option<String>,
    }

    /// The custom voices.
    #[serde(rename_all = "PascalCase")]
    pub struct CreateAigcCustomVoiceOutput {
        /// What was created.
        pub info_list: Vec<CustomVoiceInfo>,
    }

    /// A custom voice.
    #[serde(rename_all = "PascalCase")]
    pub struct CustomVoiceInfo {
        /// Id of the voice.
        pub voice_id: Option<String>,
        /// What is known about the voice, often JSON.
        pub voice_info: Option<String>,
    }

    /// The faces in a video were searched for.
    #[serde(rename_all = "PascalCase")]
    pub struct DescribeAigcFaceInfoAsyncTask {
        /// Id of the task.
        pub task_id: Option<String>,
        /// `WAITING`, `PROCESSING` or `FINISH`. `FINISH` is the end, not success.
        pub status: Option<String>,
        /// 0 is success; 40000 bad input, 60000 bad source file, 70000 internal error.
        pub err_code: Option<i64>,
        /// Error code as a word; none or `SUCCESS` on success.
        pub err_code_ext: Option<String>,
        /// Error message, or `SUCCESS`.
        pub message: Option<String>,
        /// Progress in percent; may be 0 when the task has ended.
        pub progress: Option<i64>,
        /// What the task was asked to do.
        pub input: Option<DescribeAigcFaceInfoAsyncInput>,
        /// The result.
        pub output: Option<DescribeAigcFaceInfoAsyncOutput>,
        /// The caller's own id for deduplication of requests.
        pub session_id: Option<String>,
        /// The caller's own text, at most 1,000 characters.
        pub session_context: Option<String>,
    }

    /// What was searched.
    #[serde(rename_all = "PascalCase")]
    pub struct DescribeAigcFaceInfoAsyncInput {
        /// The files.
        pub file_infos: Vec<AigcFaceInputFileInfo>,
    }

    /// A file that was searched.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcFaceInputFileInfo {
        /// `File` or `Url`.
        pub r#type: Option<String>,
        /// Id of the media asset.
        pub file_id: Option<String>,
        /// URL.
        pub url: Option<String>,
    }

    /// The faces that were found.
    #[serde(rename_all = "PascalCase")]
    pub struct DescribeAigcFaceInfoAsyncOutput {
        /// Faces, by file.
        pub face_info_set: Vec<AigcFaceInfo>,
    }

    /// The faces in one file.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcFaceInfo {
        /// Id for requests about these faces.
        pub session_id: Option<String>,
        /// Faces.
        pub face_info_list: Vec<AigcFaceIdentityInfo>,
    }

    /// One face.
    #[serde(rename_all = "PascalCase")]
    pub struct AigcFaceIdentityInfo {
        /// Id of the face in this video.
        pub face_id: Option<String>,
        /// Picture of the face.
        pub face_image: Option<String>,
        /// Start in milliseconds.
        pub start_time: Option<i64>,
        /// End in milliseconds.
        pub end_time: Option<i64>,
    }
}
