"""The Alipay OpenAPI wire: `/gateway.do` for shops that already speak it, with their own SDK and nothing changed but
the address.

How one call is read, file by file:

    parameters.py   query and body to named raw bytes, whatever way they came
    signing.py      the string that must have been signed; verify and sign
    diagnosis.py    what a wrong signature was made over, when it can be told
    shapes.py       biz_content to typed requests; yuan text to minor units; China time
    answers.py      the answer's exact bytes, signed; the codes and what they mean
    notify.py       what the shop is told afterwards, and the browser's signed way back
    gateway.py      the application: verify, parse, command, `engine.execute`, answer

Everything but `gateway.py` is pure. Compatible with the protocol; not made, checked or endorsed by its owner.
"""
