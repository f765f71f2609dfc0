"""Takes what the binding needs out of the TensorFlow wheel in the folder argv[1]: headers and the two libraries."""

import pathlib
import sys
import zipfile

work = pathlib.Path(sys.argv[1])
(wheel,) = work.glob("tensorflow*.whl")
libraries = {"tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"}
headers = ("tensorflow/include/tensorflow/c/", "tensorflow/include/tensorflow/core/platform/", "tensorflow/include/tsl/")

with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries or name.startswith(headers):
            archive.extract(name, work)

lib = work / "tensorflow" / "lib"
lib.mkdir()
for name in libraries:
    (work / name).rename(lib / pathlib.PurePath(name).name)
wheel.unlink()
