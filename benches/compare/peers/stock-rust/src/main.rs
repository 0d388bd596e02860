mod receive;

use aws_config::BehaviorVersion;
use lambda_http::{Error, tracing};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    receive::receive(aws_config::load_defaults(BehaviorVersion::latest()).await).await
}
