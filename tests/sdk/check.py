"""Both senders' official SDKs against the fakes of the tests, check by check. Started by `run`."""

import json
import subprocess
import sys

from mns.account import Account
from mns.mns_exception import MNSServerException
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717 import models, vod_client


class Tencent:
    def __init__(self, fake, events):
        self.fake, self.events = fake, events
        self.client = self.with_key(fake["secret_key"])

    def with_key(self, key):
        host = self.fake["endpoint"].removeprefix("http://")
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host))
        return vod_client.VodClient(credential.Credential(self.fake["secret_id"], key), "", profile)

    def pull(self, client=None):
        request = models.PullEventsRequest()
        request.SubAppId = self.fake["sub_app_id"]
        return (client or self.client).PullEvents(request).EventSet

    def confirm(self, handles):
        request = models.ConfirmEventsRequest()
        request.SubAppId, request.EventHandles = self.fake["sub_app_id"], handles
        self.client.ConfirmEvents(request)

    def check_drained(self):
        seen = []
        while True:
            try:
                events = self.pull()
            except TencentCloudSDKException as empty:
                expect("ResourceNotFound", empty.get_code())
                break
            expect(True, 1 <= len(events) <= 16)
            seen += [event.PullCompleteEvent.TaskId for event in events]
            self.confirm([event.EventHandle for event in events])
        expect([f"task-{n}" for n in range(self.events)], seen)

    def check_refused(self):
        expect("AuthFailure.SignatureFailure", code_of(lambda: self.pull(self.with_key("AnotherKey"))))
        expect("InvalidParameterValue", code_of(lambda: self.confirm(["1"])))
        expect("InvalidParameterValue", code_of(lambda: self.confirm(["1"] * 17)))


class Alibaba:
    def __init__(self, fake, events):
        self.fake, self.events = fake, events
        self.queue = self.with_key(fake["access_key_secret"], fake["queue"])

    def with_key(self, key, name):
        queue = Account(self.fake["endpoint"], self.fake["access_key_id"], key).get_queue(name)
        queue.set_encoding(False)  # its default is to decode base64, whatever the producer wrote
        return queue

    def check_drained(self):
        seen = []
        while True:
            try:
                messages = self.queue.batch_receive_message(16, 1)
            except MNSServerException as empty:
                expect("MessageNotExist", empty.type)
                break
            expect(True, 1 <= len(messages) <= 16)
            seen += [json.loads(message.message_body)["MessageBody"]["JobId"] for message in messages]
            self.queue.batch_delete_message([message.receipt_handle for message in messages])
        expect([f"job-{n}" for n in range(self.events)], seen)

    def check_refused(self):
        key, name = self.fake["access_key_secret"], self.fake["queue"]
        expect("SignatureDoesNotMatch", code_of(lambda: self.with_key("AnotherKey", name).batch_receive_message(16, 1)))
        expect("QueueNotExist", code_of(lambda: self.with_key(key, "ice-callback-none").batch_receive_message(16, 1)))
        expect("MessageNotExist", code_of(lambda: self.queue.batch_delete_message(["1", "2"])))


SDKS = {"tencent-vod": Tencent, "alibaba-ims": Alibaba}


def code_of(call):
    try:
        call()
    except MNSServerException as error:
        return error.type
    except TencentCloudSDKException as error:
        return error.get_code()
    return "no error"


def expect(expected, got):
    if expected != got:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


def main():
    fakes = subprocess.Popen([sys.argv[1], "--fakes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    failed = 0
    with fakes:
        described = json.loads(fakes.stdout.readline())
        sdks = [sdk(described[name], described["events"]) for name, sdk in SDKS.items()]
        for sdk in sdks:
            for check in (sdk.check_refused, sdk.check_drained):
                name = f"{type(sdk).__name__}: {check.__name__.removeprefix('check_')}"
                try:
                    check()
                    print(f"  ok      {name}", flush=True)
                except Exception as error:  # whatever it is, the others have their turn
                    failed += 1
                    print(f"  FAILED  {name}\n{type(error).__name__}: {error}", flush=True)
        fakes.stdin.close()  # ends them
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
