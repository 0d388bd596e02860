//! From the envelope to the typed events of [`mediahook_events`].

use mediahook_events::CloudEvent;

use super::envelope::Envelope;

impl Envelope {
    /// This event as a plain struct, from which the sender's typed event is one call away:
    ///
    /// ```
    /// use mediahook::event::envelope::Envelope;
    /// use mediahook::events::tencent_vod::Event;
    ///
    /// let envelope = Envelope::parse(r#"{
    ///     "specversion": "1.0", "id": "1f3a", "source": "tencent-vod/main", "type": "com.tencentcloud.vod.PullComplete",
    ///     "time": "2026-11-22T05:50:25Z", "channel": "push", "receivedtime": "2026-11-22T05:50:25Z",
    ///     "data": {"EventType":"PullComplete","PullCompleteEvent":{"FileId":"5285485487985271490"}}
    /// }"#)?;
    /// let Event::PullComplete(pull) = envelope.cloud_event()?.tencent_vod()? else { panic!() };
    /// assert_eq!(pull.payload.file_id.as_deref(), Some("5285485487985271490"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`serde_json::Error`] if the two crates disagree about what an envelope has, which a test excludes.
    pub fn cloud_event(&self) -> Result<CloudEvent, serde_json::Error> {
        serde_json::from_str(&self.message().body)
    }
}
