"""What the senders send, and how they sign it."""

import hashlib
import json
import time

SIGN_KEY, PATH_TOKEN, AUTH_KEY = "DemoSignKey2026", "4c1f0e9b7a", "DemoAuthKey2026"
SOURCES = {
    "tencent-vod/demo": {"sign_keys": [SIGN_KEY]},
    "tencent-vod/secret-path": {"path_tokens": [PATH_TOKEN]},
    "alibaba-ims/demo": {"auth_keys": [AUTH_KEY]},
}


def tencent_body(file_id, key=SIGN_KEY, valid_seconds=600):
    expiry = int(time.time()) + valid_seconds
    event = {"EventType": "FileDeleted", "FileDeleteEvent": {"FileIdSet": [file_id]}}
    return json.dumps(event | {"Sign": md5(f"{key}{expiry}"), "T": expiry}).encode()



def alibaba_headers(url, key=AUTH_KEY):
    now = int(time.time())
    return {"X-ICE-TIMESTAMP": str(now), "X-ICE-SIGNATURE": md5(f"https://{url}|{now}|{key}")}



def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
