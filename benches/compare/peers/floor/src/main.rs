//! What a callback cannot do without: a poll, a path to compare, a JSON document to check, a signature, a request over a
//! kept connection, an answer. Anything unexpected ends the process.

use std::borrow::Cow;
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use ring::{digest, hmac};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::format_description;

fn main() {
    let path = format!("/tencent-vod/main/{}", variable("PATH_TOKEN"));
    let mut sqs = Sqs::new();
    let mut runtime = Runtime::new();
    loop {
        let (id, event) = runtime.next();
        let event: Event = serde_json::from_slice(&event).expect("a function-URL event");
        let status = if event.raw_path != path {
            401
        } else if serde_json::from_str::<IgnoredAny>(&event.body).is_err() {
            400
        } else {
            sqs.send(&event.body);
            200
        };
        runtime.answer(&id, status);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    raw_path: &'a str,
    #[serde(borrow)]
    body: Cow<'a, str>,
}

struct Runtime {
    host: String,
    connection: Connection<TcpStream>,
}

impl Runtime {
    fn new() -> Self {
        let host = variable("AWS_LAMBDA_RUNTIME_API");
        let connection = Connection(BufReader::new(connect(&host)));
        Self { host, connection }
    }

    fn next(&mut self) -> (String, Vec<u8>) {
        let host = &self.host;
        let head = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let answer = self.connection.ask(&head);
        (answer.request_id.expect("a request id"), answer.body)
    }

    fn answer(&mut self, id: &str, status: u16) {
        let (host, body) = (&self.host, format!(r#"{{"statusCode":{status}}}"#));
        self.connection.ask(&format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {host}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage<'a> {
    queue_url: &'a str,
    message_group_id: &'a str,
    message_body: &'a str,
}

struct Sqs {
    queue_url: String,
    host: String,
    region: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    connection: Connection<StreamOwned<ClientConnection, TcpStream>>,
}

impl Sqs {
    fn new() -> Self {
        let queue_url = variable("QUEUE_URL");
        let host = queue_url.split('/').nth(2).expect("a host").to_owned();
        let connection = Connection(BufReader::new(connect_tls(&host)));
        Self {
            queue_url,
            host,
            region: variable("AWS_REGION"),
            access_key_id: variable("AWS_ACCESS_KEY_ID"),
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
            session_token: variable("AWS_SESSION_TOKEN"),
            connection,
        }
    }

    fn send(&mut self, message_body: &str) {
        let Self { queue_url, host, session_token, .. } = self;
        let message = SendMessage { queue_url, message_group_id: "tencent-vod/main", message_body };
        let body = serde_json::to_string(&message).expect("JSON");
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let now = OffsetDateTime::now_utc().format(&format).expect("a time");
        let headers = format!(
            "content-type:application/x-amz-json-1.0\nhost:{host}\nx-amz-date:{now}\n\
             x-amz-security-token:{session_token}\nx-amz-target:AmazonSQS.SendMessage\n"
        );
        let authorization = self.authorization(&now, &headers, &body);
        let head = headers.replace('\n', "\r\n");
        let answer = self.connection.ask(&format!(
            "POST / HTTP/1.1\r\n{head}authorization: {authorization}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }

    /// Signature Version 4.
    fn authorization(&self, now: &str, headers: &str, body: &str) -> String {
        let signed = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
        let request = format!("POST\n/\n\n{headers}\n{signed}\n{}", sha256(body));
        let (day, region) = (&now[..8], &self.region);
        let scope = format!("{day}/{region}/sqs/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", sha256(&request));
        let mut key = format!("AWS4{}", self.secret_access_key).into_bytes();
        for part in [day, region, "sqs", "aws4_request"] {
            key = hmac_sha256(&key, part);
        }
        let signature = hex(&hmac_sha256(&key, &text));
        let id = &self.access_key_id;
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}")
    }
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hmac_sha256(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn variable(name: &str) -> String {
    env::var(name).expect(name)
}

fn connect(host: &str) -> TcpStream {
    let stream = TcpStream::connect(host).expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    stream
}

/// Trusts the first certificate of the bundle alone.
fn connect_tls(host: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let mut bundle = CertificateDer::pem_file_iter(variable("SSL_CERT_FILE")).expect("a bundle");
    roots.add(bundle.next().expect("a certificate").expect("a certificate")).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host.split(':').next().unwrap_or(host).to_owned().try_into().expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut stream = connect(host);
    client.complete_io(&mut stream).expect("a handshake");
    StreamOwned::new(client, stream)
}

struct Connection<S: Read + Write>(BufReader<S>);

struct Answer {
    status: u16,
    request_id: Option<String>,
    body: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    /// One request, as it is, and the answer to it: HTTP/1.1 with a content length.
    fn ask(&mut self, request: &str) -> Answer {
        self.0.get_mut().write_all(request.as_bytes()).expect("a request sent");
        self.0.get_mut().flush().expect("a request sent");
        let status = self.line().split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        let mut answer = Answer { status, request_id: None, body: Vec::new() };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                answer.body = vec![0; value.trim().parse().expect("a length")];
            } else if name.eq_ignore_ascii_case("lambda-runtime-aws-request-id") {
                answer.request_id = Some(value.trim().to_owned());
            }
        }
        self.0.read_exact(&mut answer.body).expect("a body");
        answer
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line");
        line.truncate(line.trim_end().len());
        line
    }
}
