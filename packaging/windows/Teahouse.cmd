@echo off
rem Starts Teahouse from the folder that this file lies in. It writes nothing there nor elsewhere.
setlocal EnableExtensions DisableDelayedExpansion
rem What is started lies in this package or is of Windows, never in the folder one is in.
set "NoDefaultCurrentDirectoryInExePath=1"
set "TH=%~dp0"
if not "%TH:~150,1%"=="" goto deep
set "TH_FILE=python\python.exe"
if not exist "%TH%%TH_FILE%" goto incomplete
set "TH_FILE=python\python313.zip"
if not exist "%TH%%TH_FILE%" goto incomplete
set "TH_FILE=python\winsound.pyd"
if not exist "%TH%%TH_FILE%" goto incomplete
set "TH_FILE=lib\textual\app.py"
if not exist "%TH%%TH_FILE%" goto incomplete
set "TH_FILE=program\tui\cli.py"
if not exist "%TH%%TH_FILE%" goto incomplete
ver | "%SystemRoot%\System32\find.exe" "10.0." >nul
if errorlevel 1 goto old
if "%PROCESSOR_ARCHITECTURE%"=="x86" if not defined PROCESSOR_ARCHITEW6432 goto old
title Teahouse
"%SystemRoot%\System32\chcp.com" 65001 >nul 2>nul
set PYTHONUTF8=1
if not "%~1"=="" goto start
if not defined WT_SESSION "%SystemRoot%\System32\mode.com" con: cols=100 lines=34 >nul 2>nul
:start
"%TH%python\python.exe" -I -B -X utf8 -m tui %*
set "TH_CODE=%ERRORLEVEL%"
if "%TH_CODE%"=="0" goto end
if "%~1"=="" pause
:end
exit /b %TH_CODE%
:incomplete
echo Teahouse is not whole: %TH_FILE% is missing. Unpack the zip again, all of it.
if "%~1"=="" pause
exit /b 3
:deep
echo The path of this folder is too long for Windows. Move it up, as to C:\Teahouse.
if "%~1"=="" pause
exit /b 3
:old
echo Teahouse needs Windows 10 or newer, 64 bit.
if "%~1"=="" pause
exit /b 3
