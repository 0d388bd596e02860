use std::env;

use aws_config::SdkConfig;
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use serde_json::Value;

pub async fn receive(config: SdkConfig) -> Result<(), Error> {
    let client = aws_sdk_sqs::Client::new(&config);
    let queue_url = env::var("QUEUE_URL")?;
    let path = format!("/tencent-vod/main/{}", env::var("PATH_TOKEN")?);
    let (client, queue_url, path) = (&client, &queue_url, &path);
    run(service_fn(move |request: Request| async move {
        if request.raw_http_path() != path {
            return answer(401);
        }
        let Ok(body) = str::from_utf8(request.body()) else {
            return answer(400);
        };
        if serde_json::from_str::<Value>(body).is_err() {
            return answer(400);
        }
        client
            .send_message()
            .queue_url(queue_url)
            .message_group_id("tencent-vod/main")
            .message_body(body)
            .send()
            .await?;
        answer(200)
    }))
    .await
}

fn answer(status: u16) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(status).body(Body::Empty)?)
}
