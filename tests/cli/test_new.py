import pytest
def test_new(new, tmp_path):
    r = new(tmp_path/"demo")
    print(r.out, r.err)
    assert r.code==0
    import subprocess
    print(subprocess.run("ls -laR . | head -60; cat .copier-answers.yml | head -5; git log --format=fuller; git status --short",shell=True,cwd=tmp_path/"demo",capture_output=True,text=True).stdout)
